#pragma once

#include "protocol/frames.hpp"
#include "protocol/tree.hpp"
#include "protocol/utf8.hpp"

#include <algorithm>
#include <concepts>
#include <limits>
#include <string>
#include <string_view>

/// The kinds of values that fields of frames have. Each kind says what it
/// expects, and takes a value from a node; the writer has the other direction.
namespace iris::protocol::wire {

/// How taking a value went. `found`: more than the node's type tells.
struct verdict {
  errc code = errc::none;
  std::string_view found = {};
};

inline constexpr verdict taken{};
inline constexpr verdict refused{errc::bad_field};

/// 0 … `max`, in any of MessagePack's integer encodings.
struct integer {
  std::uint64_t min = 0;
  std::uint64_t max = limits::integer_max;

  std::string expected() const {
    return "an integer from " + std::to_string(min) + " to "
           + std::to_string(max);
  }

  verdict take(const node& from, auto& to) const {
    if (from.what != node::type::integer || from.number < min
        || from.number > max)
      return refused;
    assign(from.number, to);
    return taken;
  }

  template <class Tag, class T>
  static void assign(std::uint64_t x, number<Tag, T>& to) {
    to.value = static_cast<T>(x);
  }
  static void assign(std::uint64_t x, timestamp& to) {
    to.ms = static_cast<std::int64_t>(x);
  }
  template <class T>
  requires std::integral<T> || std::is_enum_v<T>
  static void assign(std::uint64_t x, T& to) { to = static_cast<T>(x); }
};

struct boolean {
  std::string expected() const { return "a boolean"; }

  verdict take(const node& from, bool& to) const {
    if (from.what != node::type::boolean)
      return refused;
    to = from.number != 0;
    return taken;
  }
};

/// Sixteen bytes as MessagePack's bin.
struct uuid_bytes {
  std::string expected() const { return "a bin of 16 bytes"; }

  template <class Tag>
  verdict take(const node& from, uuid<Tag>& to) const {
    if (from.what != node::type::bytes || from.number != to.octets.size())
      return refused;
    to = uuid<Tag>::from_bytes(from.text());
    return taken;
  }
};

struct uuid7 {
  std::string expected() const { return "a UUIDv7 as bin of 16 bytes"; }

  verdict take(const node& from, message_id& to) const {
    auto well = uuid_bytes{}.take(from, to);
    if (well.code == errc::none && !is_uuid7(to))
      return {errc::bad_field, "16 bytes of another version"};
    return well;
  }
};

struct name_text {
  std::string expected() const {
    return "a name of 1 to 64 of A-Z a-z 0-9 . _ - @ +";
  }

  template <class Tag>
  verdict take(const node& from, name<Tag>& to) const {
    if (from.what != node::type::string)
      return refused;
    auto parsed = name<Tag>::parse(from.text());
    if (!parsed)
      return from.number == 0 || from.number > name<Tag>::bytes_max
               ? refused
               : verdict{errc::bad_field, "other characters"};
    to = *std::move(parsed);
    return taken;
  }
};

/// UTF-8 as MessagePack's str.
struct text {
  std::uint32_t bytes_max;
  std::uint32_t bytes_min = 0;

  std::string expected() const {
    return "a UTF-8 string of "
           + (bytes_min > 0 ? std::to_string(bytes_min) + " to " : "at most ")
           + std::to_string(bytes_max) + " bytes";
  }

  verdict take(const node& from, std::string& to) const {
    if (from.what != node::type::string || from.number < bytes_min
        || from.number > bytes_max)
      return refused;
    if (!is_utf8(from.text()))
      return {errc::bad_field, "a string that is not UTF-8"};
    to = from.text();
    return taken;
  }
};

/// A message's content, as MessagePack's bin.
struct body {
  std::string expected() const {
    return "a bin of at most " + std::to_string(limits::body_bytes_max)
           + " bytes";
  }

  verdict take(const node& from, std::string& to) const {
    if (from.what != node::type::bytes)
      return refused;
    if (from.number > limits::body_bytes_max)
      return {errc::body_too_large};
    to = from.text();
    return taken;
  }
};

/// An element that is a map with fields of its own.
struct record {};

/// `min` to `max` elements.
template <class Element>
struct list {
  std::uint32_t min;
  std::uint32_t max;
  Element element = {};

  std::string expected() const {
    return "an array of "
           + (min > 0 ? std::to_string(min) + " to " : "at most ")
           + std::to_string(max);
  }
};

/// Names, none of them twice.
struct distinct_names : list<name_text> {
  explicit constexpr distinct_names(std::uint32_t least)
    : list{least, limits::users_max} {}
};

/// What a field's type alone says of its kind.
constexpr boolean kind_of(const bool&) {
  return {};
}
constexpr integer kind_of(const std::uint64_t&) {
  return {};
}
constexpr integer kind_of(const timestamp&) {
  return {};
}
constexpr uuid7 kind_of(const message_id&) {
  return {};
}
constexpr uuid_bytes kind_of(const conversation_id&) {
  return {};
}
template <class Tag>
constexpr name_text kind_of(const name<Tag>&) {
  return {};
}
template <class Tag>
constexpr integer kind_of(const number<Tag>&) {
  return {};
}
constexpr integer kind_of(const std::uint32_t&) {
  return {0, std::numeric_limits<std::uint32_t>::max()};
}
/// Values of an enum that this version has no name for are kept.
template <class T>
requires std::is_enum_v<T>
constexpr integer kind_of(const T&) {
  return {0, std::numeric_limits<std::underlying_type_t<T>>::max()};
}

} // namespace iris::protocol::wire
