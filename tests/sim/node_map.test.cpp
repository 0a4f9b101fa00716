#include "tests/sim/cluster.hpp"

#include <algorithm>
#include <doctest/doctest.h>

namespace node_map_test {

using namespace iris;
using namespace iris::sim;
using namespace std::chrono_literals;

namespace {

using ids = std::vector<node_id>;

/// Three that begin a cluster and one that joins it, each with a client of
/// alice's.
struct four_nodes : sim_cluster {
  four_nodes() : sim_cluster(1, 4, profile::calm(), 3) {
    here.run(5s);
    for (auto& x : nodes) {
      clients.push_back(std::make_unique<raw_client>(here, *x));
      clients.back()->connect();
      clients.back()->log_in("alice", "at" + std::to_string(x->id().value), {});
    }
  }

  void change(const actors::control_change& what) {
    std::optional<error> out;
    nodes[1]->node().change(what, [&out](const error& x) { out = x; });
    REQUIRE(here.run(20s, [&] { return out.has_value(); }));
    CHECK(to_string(*out) == to_string(error{}));
  }

  /// Whether all shards have these voters, as their leaders say.
  bool all_at(const ids& voters) {
    std::size_t there = 0;
    for (auto& x : nodes)
      for (const auto& y : x->node().leads())
        there += y.voters == voters;
    return there == nodes.front()->shards();
  }

  protocol::sent say(std::size_t at, const std::string& body) {
    protocol::send out;
    out.id = make_message_id(here.wall_now(), here.random());
    out.to = user("bob");
    out.body = body;
    clients[at - 1]->send(out);
    return clients[at - 1]->take<protocol::sent>();
  }

  std::vector<std::unique_ptr<raw_client>> clients;
};

} // namespace

TEST_CASE("a node without replicas serves clients all the same") {
  four_nodes a;
  CHECK(a.nodes[3]->node().leads().empty());
  CHECK(a.say(4, "one").seq == sequence{1});
  CHECK(a.say(1, "two").seq == sequence{2});

  // Those who lead now say so.
  REQUIRE(a.nodes[0]->stop());
  a.clients[0].reset();
  CHECK(a.say(4, "three").seq == sequence{3});
}

TEST_CASE("shards move to a node that joined, and off one that is to go") {
  four_nodes a;
  CHECK(a.say(2, "one").seq == sequence{1});
  a.change(actors::add_node{{4}, "d:1", ""});
  REQUIRE(a.here.run(60s, [&] { return !a.nodes[3]->node().leads().empty(); }));
  a.change(actors::drain_node{{1}, true});
  a.change(actors::remove_node{{1}});
  const ids next{{2}, {3}, {4}};
  REQUIRE(a.here.run(5min, [&] { return a.all_at(next); }));
  CHECK(a.nodes[0]->node().leads().empty());
  CHECK(a.say(4, "two").seq == sequence{2});

  // Its replicas end.
  a.here.run(15s);
  CHECK(cluster::empty(*a.nodes[1]->node().map(), {1}));
  CHECK(a.say(1, "three").seq == sequence{3});
  a.here.run(5s);
  for (std::uint16_t i = 0; i < a.nodes.front()->shards(); ++i) {
    replicas stores;
    for (auto& x : a.nodes)
      if (x->id() != node_id{1})
        stores.emplace(x->id(), &x->state());
    for (const auto& x : compare_replicas({i}, stores))
      FAIL_CHECK(x);
  }
}

TEST_CASE("a node that stops hands over before anybody misses it") {
  four_nodes a;
  auto& first = a.nodes[0]->node();
  REQUIRE(a.here.run(60s, [&] { return !first.leads().empty(); }));
  CHECK_FALSE(first.handed_over());
  first.hand_over();
  CHECK(a.here.run(900ms, [&] {
    return first.handed_over()
           && a.nodes[1]->node().leads().size()
                  + a.nodes[2]->node().leads().size()
                == a.nodes.front()->shards() + std::size_t{1};
  }));
}

} // namespace node_map_test
