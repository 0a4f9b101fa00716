#pragma once

#include "base/ids.hpp"
#include "base/result.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// Which nodes there are and which of them keep which shards: one record of
/// the control group, which every node reads locally.
namespace iris::cluster {

/// The group that keeps the cluster's map. No user and no conversation is ever
/// placed there. (docs/adr/0012)
inline constexpr shard_id control_shard{0xFFFF};

inline bool contains(const std::vector<node_id>& in, node_id who) {
  return std::find(in.begin(), in.end(), who) != in.end();
}

/// Its number, or "control".
std::string label_of(shard_id id);

/// The numbers are on disk.
enum class node_state : std::uint8_t {
  active = 0,
  draining = 1, ///< leads nothing, as far as others can
  removed = 2,  ///< keeps nothing, once others do; never used again
};

std::string_view to_string(node_state state) noexcept;

struct member {
  node_id id;
  std::string address; ///< host:port of its links
  std::string zone;    ///< what fails together; may be empty
  node_state state = node_state::active;

  bool operator==(const member&) const = default;
};

/// Where a shard is wanted, and where it is.
struct placement {
  std::vector<node_id> voters;   ///< wanted, the preferred leader first
  std::vector<node_id> learners; ///< wanted, without a vote
  std::vector<node_id> actual; ///< voters that its leader last told of; sorted
  std::uint64_t index = 0;     ///< of their entry in its log; 0: not known
  /// How often other voters were wanted.
  std::uint64_t revision = 0;
  /// Were wanted, and may get a vote yet from a leader that has not heard:
  /// until the group is said to follow this revision, and no older one any
  /// more. Sorted.
  std::vector<node_id> dropped = {};

  bool operator==(const placement&) const = default;
};

/// Whether its leader said to have the voters that are wanted, and that nobody
/// else may become one.
bool reached(const placement& what);

struct cluster_map {
  std::uint64_t version = 0;
  std::uint32_t replicas = 3; ///< of each shard, with as many nodes
  std::vector<member> nodes;  ///< by id, those removed too
  placement control;
  std::vector<placement> shards; ///< by shard id

  bool operator==(const cluster_map&) const = default;
};

const placement& placement_of(const cluster_map& in, shard_id id);

/// Whether it is to have a replica there.
bool wants(const placement& what, node_id who);
/// Whether it may have a vote there, now or later.
bool may_vote(const placement& what, node_id who);

/// `next` follows `before`: where other voters are wanted, a new revision.
void revise(cluster_map& next, const cluster_map& before);

/// Null when there never was one.
const member* find(const cluster_map& in, node_id id) noexcept;

constexpr std::size_t nodes_max = 1024; ///< removed ones are counted
constexpr std::size_t members_max = 64; ///< those not removed
constexpr std::size_t address_bytes_max = 255;
constexpr std::size_t zone_bytes_max = 64;
constexpr std::size_t control_voters_max = 5;

/// What founders begin with: the same on each of them, before anything is
/// stored. Precondition: at least one founder and replica, at most members_max
/// founders, each id once.
cluster_map initial_map(std::vector<member> founders, std::uint16_t shards,
                        std::uint32_t replicas);

/// A format u8 (2), then
///   version u64 | replicas u32
///   | nodes varint, each: id varint, address bytes, zone bytes, state u8
///   | placement of the control group
///   | shards varint, each: placement
/// where a placement is three lists (voters, learners, actual) of a varint
/// count and as many varint ids, an index varint, a revision varint, and a list
/// more (dropped). Format 1 has three lists.
///
/// All nodes read what one writes, of whatever release it is: so a release
/// reads a new format, and the one after it writes it.
std::string encode(const cluster_map& in);

/// Fails with corrupt; with store_newer, if its format is a later one.
result<cluster_map> decode_cluster_map(std::string_view bytes);

} // namespace iris::cluster
