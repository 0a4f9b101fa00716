#include "tests/sim/cluster.hpp"

#include <algorithm>

namespace iris::sim {

namespace {

/// Two nodes' dice have nothing in common.
constexpr std::uint64_t seed_step = 0x9e3779b97f4a7c15;

std::vector<shard_id> groups_of(const sim_node& of) {
  std::vector<shard_id> out{cluster::control_shard};
  for (std::uint16_t i = 0; i < of.shards(); ++i)
    out.push_back({i});
  return out;
}

} // namespace

sim_cluster::sim_cluster(std::uint64_t seed, std::size_t count,
                         const profile& with)
  : here(seed) {
  std::vector<node_id> voters;
  for (std::uint32_t i = 0; i < count; ++i)
    voters.push_back({i + 1});
  for (std::uint32_t i = 0; i < count; ++i) {
    auto options = sim_options(here);
    options.voters = voters;
    options.self.node = options.connection.node = {i + 1};
    options.seed += i * seed_step;
    with.apply(options);
    auto machine = with.machine(i + 1);
    machine.network = &network;
    nodes.push_back(
      std::make_unique<sim_node>(here, caf.system, options, machine));
    watch(*nodes.back());
  }
  for (auto& x : nodes)
    if (auto started = x->start(); !started)
      throw std::runtime_error(to_string(started.failure()));
}

std::vector<sim_node*> sim_cluster::all() {
  std::vector<sim_node*> out;
  for (auto& x : nodes)
    out.push_back(x.get());
  return out;
}

void sim_cluster::watch(sim_node& who) {
  who.on_applied([this, &who] {
    for (auto i : groups_of(who))
      if (auto copying = who.state().incomplete(i); copying && !*copying)
        if (auto at = who.state().applied(i))
          seen.applied(who.id(), i, *at);
  });
}

std::vector<std::string> sim_cluster::compare() {
  std::vector<std::string> out;
  for (auto i : groups_of(*nodes.front())) {
    replicas all;
    for (auto& x : nodes)
      all.emplace(x->id(), &x->state());
    auto found = compare_replicas(i, all);
    out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

bool sim_cluster::all_run() {
  return std::all_of(nodes.begin(), nodes.end(),
                     [](auto& x) { return x->running(); });
}

} // namespace iris::sim
