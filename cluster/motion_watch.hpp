#pragma once

#include "cluster/plan.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

namespace iris::cluster {

/// Since when groups are on their way: the plan goes on without those that do
/// not arrive. At the control group's leader, which begins to know nothing.
/// Pure: time is told.
///
/// 1. A group is late once nothing of it has changed for `patience`, and then
///    until it has other voters. It gets twice the time at each new attempt, or
///    a large shard would never arrive.
/// 2. Nodes that are up, and that a group with a majority waited for in vain,
///    are slow: for twice as long each time, up to 16 times as long. One that
///    took a replica, or was away, begins anew.
class motion_watch {
public:
  explicit motion_watch(std::chrono::milliseconds patience)
    : patience_(patience) {}

  /// The map as it is at this time. Adds to `health` who is slow and late.
  void look(const cluster_map& map, std::chrono::nanoseconds now,
            node_health& health);

  /// An operator knows better.
  void forgive(node_id who) { marks_.erase(who); }

private:
  struct motion {
    std::vector<node_id> actual;
    std::vector<node_id> wanted; ///< sorted
    std::chrono::nanoseconds since{0};
    int failures = 0; ///< since it had other voters
  };

  struct mark {
    std::chrono::nanoseconds until{0};
    int times = 0;
  };

  void look(shard_id id, const placement& of, std::chrono::nanoseconds now,
            node_health& health);
  void blame(const motion& what, std::chrono::nanoseconds now,
             const node_health& health);
  std::chrono::nanoseconds patience(int failures) const;

  const std::chrono::milliseconds patience_;
  std::map<shard_id, motion> motions_;
  std::map<node_id, mark> marks_;
};

} // namespace iris::cluster
