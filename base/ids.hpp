#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace iris {

/// An integer with a meaning: two of them never meet by accident.
template <class Tag, class T = std::uint64_t>
struct number {
  T value = 0;

  auto operator<=>(const number&) const = default;
  number next() const noexcept { return {static_cast<T>(value + 1)}; }
  number previous() const noexcept { return {static_cast<T>(value - 1)}; }
};

/// Position of a message in its conversation: 1, 2, 3, … without gaps.
using sequence = number<struct sequence_tag>;
/// Position of an entry in a user's inbox: 1, 2, 3, … without gaps.
using inbox_offset = number<struct inbox_offset_tag>;
/// One Raft group of the cluster, from 0.
using shard_id = number<struct shard_id_tag, std::uint16_t>;
/// A node of the cluster, from 1, never used twice.
using node_id = number<struct node_id_tag>;

/// A name chosen by people: 1 to 64 of A-Z a-z 0-9 and . _ - @ +
template <class Tag>
class name {
public:
  static constexpr std::size_t bytes_max = 64;

  name() = default;

  /// Fails with bad_field, naming what is allowed.
  static result<name> parse(std::string_view text);

  const std::string& str() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }
  auto operator<=>(const name&) const = default;

private:
  explicit name(std::string_view text) : text_(text) {}

  std::string text_;
};

using user_id = name<struct user_tag>;
using device_id = name<struct device_tag>;

/// Sixteen bytes, printed as a UUID.
template <class Tag>
struct uuid {
  std::array<std::uint8_t, 16> octets{};

  auto operator<=>(const uuid&) const = default;

  std::string_view bytes() const noexcept {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
  }

  /// Precondition: `in` has 16 bytes.
  static uuid from_bytes(std::string_view in);
  /// "0190163d-8694-739b-aea5-966c26f8ad91", in either case. bad_field.
  static result<uuid> parse(std::string_view text);
  std::string str() const;
};

/// Chosen by the client, one per message: a UUIDv7 (RFC 9562, section 5.7).
using message_id = uuid<struct message_tag>;
using conversation_id = uuid<struct conversation_tag>;

/// The next id of a client. Time comes first in the bytes, so ids of one
/// client sort by age.
message_id make_message_id(timestamp now, random_source& random);

/// Whether version and variant are those of a UUIDv7.
bool is_uuid7(const message_id& id) noexcept;

/// The time inside a UUIDv7.
timestamp time_of(const message_id& id) noexcept;

/// The conversation of two users, the same whoever asks. `a` may be `b`.
conversation_id direct_conversation(const user_id& a, const user_id& b);

/// The group that `creator` makes with request `id`: a retried create is the
/// same group.
conversation_id group_conversation(const user_id& creator,
                                   const message_id& id);

} // namespace iris

template <class Tag, class T>
struct std::hash<iris::number<Tag, T>> {
  std::size_t operator()(const iris::number<Tag, T>& x) const noexcept {
    return std::hash<T>{}(x.value);
  }
};

template <class Tag>
struct std::hash<iris::name<Tag>> {
  std::size_t operator()(const iris::name<Tag>& x) const noexcept {
    return std::hash<std::string>{}(x.str());
  }
};

template <class Tag>
struct std::hash<iris::uuid<Tag>> {
  std::size_t operator()(const iris::uuid<Tag>& x) const noexcept {
    return std::hash<std::string_view>{}(x.bytes());
  }
};
