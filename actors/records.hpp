#pragma once

#include "base/ids.hpp"
#include "persistence/keys.hpp"
#include "protocol/frames.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What users and conversations keep in the state store. A key is the actor's
/// prefix, one of these letters and a suffix; docs/storage.md has the bytes.
namespace iris::actors {

enum class record : char {
  // conversation
  about = 'A',     ///< what it is, and its title
  dedup = 'D',     ///< message id, sender -> where that message went
  floor = 'F',     ///< what retention has removed
  forgotten = 'G', ///< the time of the newest id that went from `dedup`
  log = 'L',       ///< sequence -> item
  member = 'R',    ///< user -> role and intervals
  fan_out = 'S',   ///< destination shard -> last sequence delivered there
  // user (floor as above)
  inbox = 'I',  ///< offset -> item
  seen = 'V',   ///< conversation -> last sequence in the inbox
  device = 'X', ///< device -> cursor
  // controller
  map = 'M', ///< the cluster's map
};

/// Makes the keys of one actor.
class keyring {
public:
  keyring(shard_id shard, const persistence::actor_ref& who)
    : prefix_(persistence::key_prefix(shard, who)) {}

  const std::string& prefix() const noexcept { return prefix_; }

  std::string all(record kind) const;
  std::string at(record kind, std::uint64_t position) const;
  std::string of(record kind, std::string_view suffix) const;
  std::string dedup(const message_id& id, const user_id& sender) const;
  std::string fan_out(shard_id destination) const;

  /// The number that a key of `at` ends with.
  static std::uint64_t position(std::string_view key);
  /// The suffix of a key of this actor.
  std::string_view suffix(std::string_view key) const;
  /// What `dedup` and `fan_out` put behind the prefix. Fail with corrupt.
  static result<std::pair<message_id, user_id>>
  dedup_of(std::string_view suffix);
  static result<shard_id> destination_of(std::string_view suffix);

private:
  std::string prefix_;
};

persistence::actor_ref ref_of(const conversation_id& who);
persistence::actor_ref ref_of(const user_id& who);

/// Whether a conversation is between two users or a group, and its title.
struct about_record {
  bool direct = false;
  std::string title;
};

/// Where a message went, and what it was.
struct dedup_record {
  sequence seq;
  timestamp at;
  std::uint64_t content = 0; ///< hash of everything a retry must repeat

  bool operator==(const dedup_record&) const = default;
};

/// Sequences that a member sees: [since, until], until 0 while a member.
struct interval {
  sequence since;
  sequence until;

  bool operator==(const interval&) const = default;
};

struct member_record {
  protocol::role role = protocol::role::member;
  std::vector<interval> intervals; ///< oldest first, never empty

  bool current() const noexcept {
    return !intervals.empty() && intervals.back().until.value == 0;
  }
  sequence since() const noexcept { return intervals.back().since; }
};

/// The last position that retention removed, and the time of it.
struct floor_record {
  std::uint64_t position = 0;
  timestamp at;
};

struct device_record {
  inbox_offset cursor;
  timestamp seen;
};

std::string encode(const about_record& x);
std::string encode(const dedup_record& x);
std::string encode(const member_record& x);
std::string encode(const floor_record& x);
std::string encode(const device_record& x);
std::string encode_number(std::uint64_t x);

/// These fail with corrupt.
result<about_record> decode_about(std::string_view in);
result<dedup_record> decode_dedup(std::string_view in);
result<member_record> decode_member(std::string_view in);
result<floor_record> decode_floor(std::string_view in);
result<device_record> decode_device(std::string_view in);
result<std::uint64_t> decode_number(std::string_view in);

} // namespace iris::actors
