#pragma once

#include "tests/sim/fixture.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/profile.hpp"
#include "tests/sim/replicas.hpp"

#include <memory>
#include <vector>

namespace iris::sim {

/// The nodes of a cluster in a world of their own, each on its machine.
struct sim_cluster {
  /// Starts all nodes. The first `founders` of them begin the cluster; 0: all.
  sim_cluster(std::uint64_t seed, std::size_t count, const profile& with,
              std::size_t founders = 0);

  std::vector<sim_node*> all();
  bool all_run();
  /// What is wrong between the replicas of all shards, which are at rest.
  /// Precondition: all run.
  std::vector<std::string> compare();
  /// Precondition: all run.
  std::shared_ptr<const cluster::cluster_map> newest_map();
  std::size_t size() const noexcept { return nodes.size(); }

  caf_host caf;
  world here;
  switchboard network{here};
  ledger seen;
  std::vector<std::unique_ptr<sim_node>> nodes;

private:
  void watch(sim_node& who);
  void hear(node_id from, const std::string& frame);
};

} // namespace iris::sim
