#pragma once

#include "base/result.hpp"
#include "cluster/cluster_map.hpp"
#include "cluster/motion_watch.hpp"

#include <string>
#include <variant>
#include <vector>

namespace iris::actors {

// What the controller is asked. Each may be asked again: what is so already is
// done.

/// A node that may join from now on; or address and zone of one that has none
/// yet. already_exists: the number was used for another; bad_field;
/// too_many_members.
struct add_node {
  node_id id;
  std::string address;
  std::string zone;
};

/// A draining node goes for good, once others have its replicas. not_found,
/// illegal_state.
struct remove_node {
  node_id id;
};

/// Others lead what this node leads, or it may lead again. not_found,
/// illegal_state.
struct drain_node {
  node_id id;
  bool on = true;
};

/// A replica goes from one node to another that is up. not_found,
/// illegal_state; unavailable while something else moves.
struct move_shard {
  shard_id shard;
  node_id from;
  node_id to;
};

/// One of its voters that is up leads a shard, as long as shares stay even.
/// not_found, illegal_state.
struct transfer_shard {
  shard_id shard;
  node_id to;
};

/// A group has these voters, by this entry of its log: what is older than the
/// last report changes nothing. Nobody else gets a vote for having been wanted
/// before this revision. not_found, bad_field.
struct shard_reached {
  shard_id shard;
  std::vector<node_id> voters; ///< sorted
  std::uint64_t index = 0;
  std::uint64_t revision = 0;
};

using control_change = std::variant<add_node, remove_node, drain_node,
                                    move_shard, transfer_shard, shard_reached>;

/// What the controller decides: the next map, of which only the version says
/// whether something changed. Pure.
class control_machine {
public:
  /// How long a replica may take to arrive before others move.
  explicit control_machine(std::chrono::milliseconds arrive_within)
    : watch_(arrive_within) {}

  void load(cluster::cluster_map map) { map_ = std::move(map); }
  const cluster::cluster_map& map() const noexcept { return map_; }

  /// Who is there at this time: what follows goes by that.
  void see(cluster::node_health nodes, std::chrono::nanoseconds now);

  /// Carries it out, or says what was expected.
  result<void> change(const control_change& what);

  /// Takes the next step of the plan, if there is one.
  void plan();

private:
  result<void> carry_out(const add_node& what);
  result<void> carry_out(const remove_node& what);
  result<void> carry_out(const drain_node& what);
  result<void> carry_out(const move_shard& what);
  result<void> carry_out(const transfer_shard& what);
  result<void> carry_out(const shard_reached& what);
  cluster::member* find(node_id id);
  cluster::placement* shard(shard_id id);
  error no_node(node_id id) const;
  error no_shard(shard_id id) const;
  result<void> may_get(node_id id);
  bool others_active(node_id than) const;

  cluster::cluster_map map_;
  cluster::node_health nodes_;
  cluster::motion_watch watch_;
};

} // namespace iris::actors
