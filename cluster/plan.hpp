#pragma once

#include "cluster/cluster_map.hpp"

#include <optional>
#include <set>

namespace iris::cluster {

/// What the control group's leader sees of the nodes, and of what moves. A node
/// that is neither up nor dead may come back: it keeps what it has, and gets
/// nothing.
struct node_health {
  std::set<node_id> up;
  std::set<node_id> dead; ///< away for so long that others take over
  /// Up, but did not take a replica in time: they get none for a while.
  std::set<node_id> slow = {};
  /// Groups that did not get in time to where they are wanted: nobody waits for
  /// them.
  std::set<shard_id> late = {};
};

/// One step towards what is wanted; nothing when all is well, or while a group
/// moves. In this order:
///   - what moves and can't arrive, because its node died or is slow, goes
///     elsewhere; if it died and there is no other, it stays where it is
///   - the control group has five voters, or as many as there are nodes
///   - nodes that drain, go or are dead lead nothing that others can lead
///   - each shard has as many voters as wanted: those of nodes that go or are
///     dead are replaced, as far as there is room
///   - a shard's voters are in as many zones as can be
///   - nodes have even shares of replicas, then of leaders, within one
///   - nodes that drain are the last to lead, should others fail
/// Besides groups that are late, at most one group's placement differs. What
/// begins to move has a majority up, and no group has fewer voters than wanted
/// at any time. Pure and deterministic; repeated, it ends.
std::optional<cluster_map> plan(const cluster_map& now,
                                const node_health& health);

/// Whether a group has not reached its placement, and others wait for it.
bool moving(const cluster_map& in, const node_health& health);

/// Whether nothing is kept on a node, nor will be: it may be switched off.
bool empty(const cluster_map& in, node_id id);

} // namespace iris::cluster
