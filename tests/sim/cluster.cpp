#include "tests/sim/cluster.hpp"

#include "base/assert.hpp"
#include "cluster/shard_mail.hpp"

#include <algorithm>

namespace iris::sim {

namespace {

/// Two nodes' dice have nothing in common.
constexpr std::uint64_t seed_step = 0x9e3779b97f4a7c15;

} // namespace

sim_cluster::sim_cluster(std::uint64_t seed, std::size_t count,
                         const profile& with, std::size_t founders, others what)
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
    // One alone is what a node without a cluster is.
    machine.network = count > 1 ? &network : nullptr;
    nodes.push_back(
      std::make_unique<sim_node>(here, caf.system, options, machine));
    watch(*nodes.back());
  }
  network.watch([this](node_id from, cluster::lane by, const std::string& x) {
    if (by == cluster::lane::consensus)
      hear(from, x);
  });
  for (std::size_t i = 0; i < count; ++i)
    if (i < first.size() || what == others::run)
      use(*nodes[i]);
}

void sim_cluster::use(sim_node& who) {
  used_.insert(who.id());
  if (auto started = who.start(); !started)
    throw std::runtime_error(to_string(started.failure()));
}

void sim_cluster::switch_off(sim_node& who) {
  used_.erase(who.id());
  if (who.running())
    who.crash();
}

std::vector<sim_node*> sim_cluster::in_use() {
  auto out = all();
  std::erase_if(out, [this](auto* x) { return !uses(*x); });
  return out;
}

std::vector<shard_id> sim_cluster::groups() const {
  std::vector<shard_id> out{cluster::control_shard};
  for (std::uint16_t i = 0; i < nodes.front()->shards(); ++i)
    out.push_back({i});
  return out;
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
      for (auto i : groups()) {
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
      auto claims = what.what == kind::append || what.what == kind::install;
      if (claims && seen.leads(from, of, what.term))
        here.trace("node " + std::to_string(from.value) + " leads shard "
                   + std::to_string(of.value) + " in term "
                   + std::to_string(what.term));
    });
  IRIS_ASSERT(read);
}

std::shared_ptr<const cluster::cluster_map> sim_cluster::newest_map() {
  auto out = in_use().front()->node().map();
  for (auto* x : in_use())
    if (auto map = x->node().map(); map->version > out->version)
      out = map;
  return out;
}

bool sim_cluster::has_all(const sim_node& who) {
  auto map = newest_map();
  auto all = groups();
  return std::all_of(all.begin(), all.end(), [&](shard_id x) {
    return cluster::wants(cluster::placement_of(*map, x), who.id());
  });
}

std::vector<std::string> sim_cluster::compare() {
  std::vector<std::string> out;
  auto map = newest_map();
  for (auto i : groups()) {
    replicas all;
    for (auto* x : in_use())
      if (cluster::wants(cluster::placement_of(*map, i), x->id()))
        all.emplace(x->id(), &x->state());
    auto found = compare_replicas(i, all);
    out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

bool sim_cluster::all_run() {
  auto used = in_use();
  return std::all_of(used.begin(), used.end(),
                     [](auto* x) { return x->running(); });
}

} // namespace iris::sim
