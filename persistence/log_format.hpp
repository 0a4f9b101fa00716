#pragma once

#include "persistence/log_store.hpp"

#include <string>
#include <string_view>

/// Keys and values of the log store as bytes. All integers are big-endian;
/// every value begins with a checksum of its key and the rest (see
/// checked_value).
///   shard u16 | 0x00             -> term u64 | vote u64
///   shard u16 | 0x01             -> first u64 | index u64 | term u64
///                                   | configuration index u64 | configuration
///   shard u16 | 0x02 | index u64 -> term u64 | type u8 | payload
///   0xfffe    | 0x10             -> incarnation u64
///   0xfffe    | 0x11 | node u64  -> store u64 | incarnation u64
///                                   | number u64 | mark u64 | met u8
///   0xfffe    | 0x12 | incarnation u64 -> number u64 | mark u64
/// What is known of a node ended with its incarnation before starts had
/// numbers; such a node counts as met. A later version of Iris that keeps more
/// of nodes and starts appends it, which tells the two apart.
namespace iris::persistence {

/// What a floor's record holds: the floor, and the first entry that is kept.
struct floor_record {
  log_floor floor;
  std::uint64_t first = 1;

  bool operator==(const floor_record&) const = default;
};

/// No shard: what the log store keeps of nodes stands under this number.
inline constexpr shard_id node_records{0xfffe};

std::string hard_state_key(shard_id shard);
std::string floor_key(shard_id shard);
std::string entry_key(shard_id shard, std::uint64_t index);

std::string incarnation_key();
std::string peer_key(node_id node);
std::string start_key(std::uint64_t incarnation);

std::string encode_hard_state(shard_id shard, const hard_state& in);
std::string encode_floor(shard_id shard, const floor_record& in);
std::string encode_entry(shard_id shard, std::uint64_t index,
                         const log_entry& in);

std::string encode_incarnation(std::uint64_t in);
std::string encode_peer(node_id node, const known_peer& in);
std::string encode_start(std::uint64_t incarnation, const store_start& in);

/// These fail with corrupt, naming the node, or the shard and the index of an
/// entry; those of nodes and starts with store_newer, if there is more than
/// this version knows.
result<hard_state> decode_hard_state(shard_id shard, std::string_view value);
result<floor_record> decode_floor(shard_id shard, std::string_view value);
result<log_entry> decode_entry(shard_id shard, std::uint64_t index,
                               std::string_view value);
result<std::uint64_t> decode_incarnation(std::string_view value);
result<known_peer> decode_peer(node_id node, std::string_view value);
result<store_start> decode_start(std::uint64_t incarnation,
                                 std::string_view value);

} // namespace iris::persistence
