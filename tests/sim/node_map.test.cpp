#include "tests/sim/cluster.hpp"

#include <algorithm>
#include <doctest/doctest.h>

using namespace iris;
using namespace iris::sim;
using namespace std::chrono_literals;

namespace {

using ids = std::vector<node_id>;

/// Three that begin a cluster and one that joins it, each with a client of
/// alice's.
struct four_nodes : sim_cluster {
  four_nodes() : sim_cluster(1, 4, profile::calm(), 3) {
    tell({{1}, {2}, {3}}, {{1}, {2}, {3}});
    here.run(5s);
    for (auto& x : nodes) {
      clients.push_back(std::make_unique<raw_client>(here, *x));
      clients.back()->connect();
      clients.back()->log_in("alice", "at" + std::to_string(x->id().value), {});
    }
  }

  /// All shards are wanted there, and said to be here.
  void tell(const ids& wanted, const ids& actual) {
    auto map = std::make_shared<cluster::cluster_map>();
    map->version = ++version;
    for (auto& x : nodes)
      map->nodes.push_back({x->id(), "", ""});
    map->shards.assign(nodes.front()->shards(), {wanted, {}, actual});
    for (auto& x : nodes)
      x->node().take_map(map);
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

  std::uint64_t version = 0;
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
  const ids next{{2}, {3}, {4}};
  a.tell(next, {{1}, {2}, {3}});
  REQUIRE(a.here.run(60s, [&] { return a.all_at(next); }));
  CHECK(a.nodes[0]->node().leads().empty());
  CHECK(a.say(4, "two").seq == sequence{2});

  // Its replicas end.
  a.tell(next, next);
  a.here.run(5s);
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

  // And come back.
  a.tell({{1}, {2}, {3}}, next);
  REQUIRE(a.here.run(60s, [&] { return a.all_at({{1}, {2}, {3}}); }));
  CHECK(a.say(1, "four").seq == sequence{4});
}

TEST_CASE("an older map is passed over") {
  four_nodes a;
  const ids next{{2}, {3}, {4}};
  a.tell(next, {{1}, {2}, {3}});
  auto newest = std::exchange(a.version, 0);
  a.tell({{1}, {2}, {3}}, {{1}, {2}, {3}});
  CHECK(newest == 2);
  CHECK(a.here.run(60s, [&] { return a.all_at(next); }));
}

TEST_CASE("a node that stops hands over before anybody misses it") {
  four_nodes a;
  auto leads = [&](std::size_t at) {
    return !a.nodes[at]->node().leads().empty();
  };
  // Shards prefer the first.
  REQUIRE(a.here.run(60s, [&] { return !leads(1) && !leads(2); }));
  auto& first = a.nodes[0]->node();
  CHECK_FALSE(first.handed_over());
  first.hand_over();
  CHECK(a.here.run(
    900ms, [&] { return first.handed_over() && (leads(1) || leads(2)); }));
}
