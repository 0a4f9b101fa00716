#include "cluster/motion_watch.hpp"

#include <doctest/doctest.h>

namespace motion_watch_test {

using namespace iris;
using namespace iris::cluster;
using namespace std::chrono_literals;

namespace {

using nodes = std::set<node_id>;
using groups = std::set<shard_id>;

/// Shard 0 of two is on three nodes, and wanted on the fourth.
struct on_its_way {
  on_its_way()
    : map(initial_map({{{1}, "", ""}, {{2}, "", ""}, {{3}, "", ""}}, 2, 3)) {
    map.nodes.push_back({{4}, "", ""});
    map.nodes.push_back({{5}, "", ""});
    up = {{1}, {2}, {3}, {4}, {5}};
    look(0min);
    map.shards[0].voters = {{1}, {2}, {4}};
    look(0min);
  }

  node_health look(std::chrono::minutes later) {
    now += later;
    node_health out{up, {}};
    watch.look(map, now, out);
    return out;
  }

  cluster_map map;
  nodes up;
  std::chrono::nanoseconds now = 1h;
  motion_watch watch{10min};
};

} // namespace

TEST_CASE("who does not take a replica in time is slow, and the group late") {
  on_its_way a;
  CHECK(a.look(9min).late.empty());
  auto then = a.look(1min);

  CHECK(then.late == groups{{0}});
  CHECK(then.slow == nodes{{4}});
}

TEST_CASE("the group stays late until it has other voters") {
  on_its_way a;
  a.look(10min);
  a.map.shards[0].voters = {{1}, {2}, {3}};
  CHECK(a.look(1min).late.empty());
  a.map.shards[0].voters = {{1}, {2}, {5}};
  CHECK(a.look(1min).late == groups{{0}});

  a.map.shards[0].actual = {{1}, {2}, {3}, {5}};
  CHECK(a.look(1min).late.empty());
  CHECK(a.look(9min).late.empty());
  CHECK(a.look(1min).late == groups{{0}});
}

TEST_CASE("a new attempt gets twice the time") {
  on_its_way a;
  a.look(10min);
  a.map.shards[0].voters = {{1}, {2}, {5}};
  a.look(0min);

  CHECK_FALSE(a.look(19min).slow.contains({5}));
  CHECK(a.look(1min).slow.contains({5}));
}

TEST_CASE("another order of the voters is no news") {
  on_its_way a;
  a.look(9min);
  a.map.shards[0].voters = {{2}, {1}, {4}};

  CHECK(a.look(1min).late == groups{{0}});
}

TEST_CASE("a slow node gets nothing for longer each time, unless it took one") {
  on_its_way a;
  CHECK(a.look(10min).slow == nodes{{4}});
  a.map.shards[0].voters = {{1}, {2}, {3}};
  CHECK(a.look(19min).slow == nodes{{4}});
  CHECK(a.look(1min).slow.empty());
  a.map.shards[1].voters = {{1}, {2}, {4}};
  a.look(0min);
  CHECK(a.look(10min).slow == nodes{{4}});
  a.map.shards[1].voters = {{1}, {2}, {3}};
  CHECK(a.look(39min).slow == nodes{{4}});

  a.map.shards[1].actual = {{1}, {2}, {4}};
  CHECK(a.look(0min).slow.empty());
}

TEST_CASE("who was away, or whom an operator wants, is slow no more") {
  on_its_way a;
  CHECK(a.look(10min).slow == nodes{{4}});
  a.map.shards[0].voters = {{1}, {2}, {3}};
  a.watch.forgive({4});
  CHECK(a.look(0min).slow.empty());

  on_its_way b;
  CHECK(b.look(10min).slow == nodes{{4}});
  b.map.shards[0].voters = {{1}, {2}, {3}};
  b.up.erase({4});
  b.look(1min);
  b.up.insert({4});
  CHECK(b.look(1min).slow.empty());
}

TEST_CASE("without a majority, or away, no target is to blame") {
  on_its_way a;
  a.up = {{3}, {4}};
  auto then = a.look(10min);
  CHECK(then.late == groups{{0}});
  CHECK(then.slow.empty());

  on_its_way b;
  b.up.erase({4});
  then = b.look(10min);
  CHECK(then.late == groups{{0}});
  CHECK(then.slow.empty());
}

} // namespace motion_watch_test
