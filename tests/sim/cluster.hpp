#pragma once

#include "tests/sim/fixture.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/profile.hpp"
#include "tests/sim/replicas.hpp"

#include <memory>
#include <set>
#include <vector>

namespace iris::sim {

/// The nodes of a cluster in a world of their own, each on its machine.
struct sim_cluster {
  enum class others { run, wait };

  /// The first `founders` of the nodes begin the cluster, 0: all. The others
  /// are started too, or wait until they are used.
  sim_cluster(std::uint64_t seed, std::size_t count, const profile& with,
              std::size_t founders = 0, others what = others::run);

  std::vector<sim_node*> all();
  /// Without those that were not used yet, or were switched off for good.
  std::vector<sim_node*> in_use();
  bool uses(const sim_node& who) const { return used_.contains(who.id()); }
  /// It is started, empty.
  void use(sim_node& who);
  void switch_off(sim_node& who);
  bool all_run();
  /// What is wrong between the replicas of all shards, which are at rest.
  /// Precondition: all run.
  std::vector<std::string> compare();
  /// Precondition: all run.
  std::shared_ptr<const cluster::cluster_map> newest_map();
  /// Whether all groups are wanted on this node. Precondition: all run.
  bool has_all(const sim_node& who);
  std::size_t size() const noexcept { return nodes.size(); }
  /// All shards, the control group's too.
  std::vector<shard_id> groups() const;

  caf_host caf;
  world here;
  switchboard network{here};
  ledger seen;
  std::vector<std::unique_ptr<sim_node>> nodes;

private:
  std::set<node_id> used_;

  void watch(sim_node& who);
  void hear(node_id from, const std::string& frame);
};

} // namespace iris::sim
