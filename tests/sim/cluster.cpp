#include "tests/sim/cluster.hpp"

#include "base/assert.hpp"
#include "cluster/shard_mail.hpp"

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
                         const profile& with, std::size_t founders)
  : here(seed) {
  std::vector<cluster::member> first;
  for (std::uint32_t i = 0; i < (founders == 0 ? count : founders); ++i)
    first.push_back({{i + 1}, {}, {}});
  for (std::uint32_t i = 0; i < count; ++i) {
    auto options = sim_options(here);
    options.founders = first;
    options.replicas = with.replicas > 0
                         ? with.replicas
                         : static_cast<std::uint32_t>(first.size());
    options.self.node = options.connection.node = {i + 1};
    options.seed += i * seed_step;
    with.apply(options);
    auto machine = with.machine(i + 1);
    machine.network = &network;
    nodes.push_back(
      std::make_unique<sim_node>(here, caf.system, options, machine));
    watch(*nodes.back());
  }
  network.watch([this](node_id from, cluster::lane by, const std::string& x) {
    if (by == cluster::lane::consensus)
      hear(from, x);
  });
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
  who.on_applied(
    [this, &who,
     last = std::map<shard_id, persistence::applied_point>{}]() mutable {
      for (auto i : groups_of(who)) {
        auto at = who.state().applied(i);
        if (!at || *at == last[i])
          continue;
        last[i] = *at;
        if (auto copying = who.state().incomplete(i); copying && !*copying)
          seen.applied(who.id(), i, *at);
      }
    });
}

/// Whoever replicates claims to lead.
void sim_cluster::hear(node_id from, const std::string& frame) {
  using kind = cluster::raft::message::kind;
  auto read = cluster::shard_mail::read(
    from, frame, [&](shard_id of, const cluster::raft::message& what) {
      if (what.what == kind::append || what.what == kind::install)
        seen.leads(from, of, what.term);
    });
  IRIS_ASSERT(read);
}

std::shared_ptr<const cluster::cluster_map> sim_cluster::newest_map() {
  auto out = nodes.front()->node().map();
  for (auto& x : nodes)
    if (auto map = x->node().map(); map->version > out->version)
      out = map;
  return out;
}

std::vector<std::string> sim_cluster::compare() {
  std::vector<std::string> out;
  auto map = newest_map();
  for (auto i : groups_of(*nodes.front())) {
    replicas all;
    for (auto& x : nodes)
      if (cluster::wants(cluster::placement_of(*map, i), x->id()))
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
