// Who was to get a shard, and is not any more: what its leaders say of it.
#include "tests/sim/cluster.hpp"
#include "tests/sim/lone_host.hpp"

namespace dropped_test {

using namespace iris;
using namespace iris::actors;
using namespace iris::sim;
using namespace std::chrono_literals;
using cluster::control_shard;

namespace {

constexpr shard_id shard{0};

profile three_replicas() {
  auto out = profile::calm();
  out.replicas = 3;
  return out;
}

/// Four nodes, of which one was to get shard 0 and has gone for good. From
/// then on the control group hears nothing.
struct one_dropped : sim_cluster {
  one_dropped() : sim_cluster(1, 4, three_replicas()) {
    here.run(15s);
    auto& gone = outside();
    auto voters = map().shards[0].voters;
    change(move_shard{shard, voters[2], gone.id()});
    gone.kill();
    change(drain_node{gone.id()});
    change(remove_node{gone.id()});
    REQUIRE(here.run(10s, [&] {
      return cluster::contains(map().shards[0].dropped, gone.id());
    }));
    for (auto& x : nodes)
      if (x->running())
        listen(*x);
  }

  ~one_dropped() {
    for (auto& x : nodes)
      if (x->running())
        x->node().env().routes.update(control_shard, {});
    for (auto& x : listeners)
      caf::anon_send_exit(x, caf::exit_reason::kill);
    while (unit.stop()) {
      // Ending actors tell others.
    }
  }

  cluster::cluster_map map() { return *leader().node().map(); }

  sim_node& outside() {
    for (auto& x : nodes)
      if (!cluster::wants(nodes[0]->node().map()->shards[0], x->id()))
        return *x;
    throw std::runtime_error("no node is without shard 0");
  }

  sim_node& leader() {
    for (auto& x : nodes)
      if (x->running() && x->node().leader(shard) == x->id())
        return *x;
    throw std::runtime_error("nobody leads shard 0");
  }

  void change(const control_change& what) {
    std::optional<error> out;
    leader().node().change(what, [&](const error& x) { out = x; });
    REQUIRE(here.run(20s, [&] { return out.has_value(); }));
    CHECK(to_string(*out) == to_string(error{}));
  }

  void listen(sim_node& at) {
    auto ear = supervision::spawn_on<actors::test::recorder<change_cluster>>(
      unit, heard[at.id()]);
    listeners.push_back(caf::actor_cast<caf::actor>(ear));
    at.node().env().routes.update(control_shard,
                                  caf::actor_cast<shard_actor>(ear));
  }

  /// The revisions that this node has said shard 0 follows since this was asked
  /// last.
  std::set<std::uint64_t> followed(sim_node& at) {
    std::set<std::uint64_t> out;
    for (const auto& x : std::exchange(heard[at.id()], {}))
      if (const auto* said = std::get_if<shard_reached>(&x.what);
          said != nullptr && said->shard == shard)
        out.insert(said->revision);
    return out;
  }

  core unit{caf.system, here};
  std::map<node_id, std::vector<change_cluster>> heard;
  std::vector<caf::actor> listeners;
};

} // namespace

TEST_CASE("whoever leads says that its group follows the newest placement") {
  one_dropped a;
  auto& first = a.leader();
  auto wanted = a.map().shards[0];
  const std::set<std::uint64_t> newest{wanted.revision};
  a.here.run(5s);
  CHECK(a.followed(first) == newest);

  auto elsewhere = wanted;
  std::swap(elsewhere.voters[0], elsewhere.voters[1]);
  caf::anon_send(first.node().env().routes.at(shard), place_replica{elsewhere});
  auto leads = [&] { return first.node().leader(shard) == first.id(); };
  REQUIRE(a.here.run(60s, [&] { return !leads(); }));
  a.followed(first);
  a.here.run(5s);
  CHECK(a.followed(first).empty());
  CHECK(a.followed(a.leader()) == newest);
}

} // namespace dropped_test
