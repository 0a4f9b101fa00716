#pragma once

#include "base/ids.hpp"

#include <concepts>
#include <variant>

/// What a log line is made of. No type here takes a std::string: the text of
/// a line and the names of its fields are literals, checked while compiling,
/// and a value from outside has to be called public to get in. So neither a
/// body nor a secret is logged by accident.
namespace iris::observability {

/// Text that was there when Iris was compiled.
class literal {
public:
  template <std::size_t N>
  consteval literal(const char (&text)[N]) : text_(text, N - 1) {}

  constexpr std::string_view str() const noexcept { return text_; }

private:
  std::string_view text_;
};

/// A literal of a-z, 0-9 and _ that is none of the names every line has.
class field_key {
public:
  template <std::size_t N>
  consteval field_key(const char (&text)[N]) : text_(text, N - 1) {
    for (std::string_view taken :
         {"time", "level", "node", "text", "msg", "trace"})
      if (text_ == taken)
        throw "this name belongs to the line itself";
    for (char c : text_)
      if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
        throw "expected a name of a-z, 0-9 and _";
  }

  constexpr std::string_view str() const noexcept { return text_; }

private:
  std::string_view text_;
};

/// Text that everybody may read: addresses, paths, types of actors. Writing
/// this name is the promise that it holds neither a body nor a secret.
struct public_text {
  /// What is longer is cut.
  static constexpr std::size_t bytes_max = 1024;

  std::string_view text;
};

template <class T>
concept log_integer = std::integral<T> && !std::same_as<T, char>;

/// One name and value. Holds views: it lives as long as the call it is an
/// argument of. Nothing is allocated or formatted before the line is written.
class field {
public:
  using octets = std::array<std::uint8_t, 16>;
  using content = std::variant<bool, std::int64_t, std::uint64_t, double,
                               std::string_view, octets, const error*>;

  field(field_key key, log_integer auto x)
    : key_(key.str()), value_(widen(x)) {}
  field(field_key key, std::floating_point auto x)
    : key_(key.str()), value_(static_cast<double>(x)) {}
  field(field_key key, literal x) : key_(key.str()), value_(x.str()) {}
  field(field_key key, public_text x)
    : key_(key.str()), value_(x.text.substr(0, public_text::bytes_max)) {}
  field(field_key key, errc x) : key_(key.str()), value_(to_string(x)) {}
  field(field_key key, const error& x) : key_(key.str()), value_(&x) {}
  template <class Tag, class T>
  field(field_key key, number<Tag, T> x)
    : key_(key.str()), value_(widen(x.value)) {}
  template <class Tag>
  field(field_key key, const name<Tag>& x)
    : key_(key.str()), value_(std::string_view{x.str()}) {}
  template <class Tag>
  field(field_key key, const uuid<Tag>& x)
    : key_(key.str()), value_(x.octets) {}

  std::string_view key() const noexcept { return key_; }
  const content& value() const noexcept { return value_; }

private:
  static content widen(log_integer auto x) noexcept {
    using from = decltype(x);
    if constexpr (std::same_as<from, bool>)
      return x;
    else if constexpr (std::is_signed_v<from>)
      return static_cast<std::int64_t>(x);
    else
      return static_cast<std::uint64_t>(x);
  }

  std::string_view key_;
  content value_;
};

} // namespace iris::observability
