#include "actors/control_machine.hpp"

#include <doctest/doctest.h>

namespace control_machine_test {

using namespace iris;
using namespace iris::actors;
using cluster::node_state;
using ids = std::vector<node_id>;
using namespace std::chrono_literals;

namespace {

struct three_nodes {
  three_nodes() {
    machine.load(cluster::initial_map(
      {{{1}, "a:1", "x"}, {{2}, "b:1", "y"}, {{3}, "c:1", "z"}}, 3, 3));
    see({{1}, {2}, {3}, {4}});
  }

  void see(std::set<node_id> up, std::chrono::minutes later = 0min) {
    now += later;
    machine.see({std::move(up), {}}, now);
  }

  /// The error; empty if it is done.
  std::string change(const control_change& what) {
    auto before = machine.map();
    auto done = machine.change(what);
    if (done)
      return {};
    // A refusal changes nothing.
    CHECK(machine.map() == before);
    return to_string(done.failure());
  }

  /// Done, and once more without a difference.
  void twice(const control_change& what) {
    auto before = machine.map().version;
    CHECK(change(what) == "");
    CHECK(machine.map().version == before + 1);
    auto after = machine.map();
    CHECK(change(what) == "");
    CHECK(machine.map() == after);
  }

  node_state state(std::uint64_t id) const {
    return find(machine.map(), {id})->state;
  }
  const cluster::placement& shard(std::size_t id) const {
    return machine.map().shards[id];
  }

  control_machine machine{10min};
  std::chrono::nanoseconds now = 1h;
};

std::string at(std::uint64_t id) {
  return "d:" + std::to_string(id);
}

} // namespace

TEST_CASE("a node is added once, and learns of the cluster") {
  three_nodes a;
  a.twice(add_node{{5}, "e:1", "x"});
  a.twice(add_node{{4}, "d:1", ""});

  CHECK(find(a.machine.map(), {4})->address == "d:1");
  CHECK(a.machine.map().control.learners == ids{{5}, {4}});
  CHECK(cluster::decode_cluster_map(encode(a.machine.map())));
}

TEST_CASE("a node that was removed counts until it keeps nothing") {
  three_nodes a;
  CHECK(a.change(drain_node{{3}, true}) == "");
  CHECK(a.change(remove_node{{3}}) == "");
  for (std::uint64_t id = 4; id <= cluster::members_max; ++id)
    REQUIRE(a.change(add_node{{id}, at(id), ""}) == "");

  CHECK(a.change(add_node{{65}, "d:1", ""})
        == "too_many_members (307): expected at most 64 nodes, and 1024 with "
           "those removed");
  const auto& control = a.machine.map().control;
  CHECK(control.voters.size() + control.learners.size()
        == cluster::members_max);
}

TEST_CASE("a node's number, address and zone have to be right") {
  three_nodes a;

  CHECK(a.change(add_node{{0}, "d:1", ""})
        == "bad_field (102): node 0: expected a number from 1 on");
  CHECK(a.change(add_node{{4}, "", ""})
        == "bad_field (102): the address of a node: expected host:port of 1 to "
           "255 bytes");
  CHECK(a.change(add_node{{4}, "d:1", std::string(65, 'z')})
        == "bad_field (102): the zone of a node: expected at most 64 bytes");
  CHECK(a.change(add_node{{4}, "c:1", "z"})
        == "already_exists (309): node 3 has the address c:1: expected another "
           "for node 4");
  CHECK(a.change(add_node{{2}, "c:1", "z"})
        == "already_exists (309): node 3 has the address c:1: expected another "
           "for node 2");
}

TEST_CASE("a founder that was alone is told where it is") {
  three_nodes a;
  a.machine.load(cluster::initial_map({{{1}, "", ""}}, 3, 3));
  a.twice(add_node{{1}, "a:1", ""});
  a.twice(add_node{{1}, "a:1", "x"});

  CHECK(find(a.machine.map(), {1})->address == "a:1");
  CHECK(find(a.machine.map(), {1})->zone == "x");
}

TEST_CASE("a node's address and zone can be corrected") {
  three_nodes a;
  a.change(drain_node{{3}, true});
  a.twice(add_node{{3}, "d:1", ""});
  CHECK(*find(a.machine.map(), {3})
        == cluster::member{{3}, "d:1", "z", node_state::draining});

  a.twice(add_node{{3}, "d:1", "cellar"});

  CHECK(find(a.machine.map(), {3})->zone == "cellar");
  CHECK(a.machine.map().nodes.size() == 3);
}

TEST_CASE("the address of a node that was removed can be used again") {
  three_nodes a;
  a.change(drain_node{{3}, true});
  a.change(remove_node{{3}});

  a.twice(add_node{{4}, "c:1", ""});
}

TEST_CASE("there are at most 64 nodes") {
  three_nodes a;
  for (std::uint64_t i = 4; i <= 64; ++i)
    CHECK(a.change(add_node{{i}, at(i), ""}) == "");

  CHECK(a.change(add_node{{65}, "d:1", ""})
        == "too_many_members (307): expected at most 64 nodes, and 1024 with "
           "those removed");
}

TEST_CASE("a node drains, and may lead again") {
  three_nodes a;
  a.twice(drain_node{{1}, true});
  CHECK(a.state(1) == node_state::draining);
  a.twice(drain_node{{1}, false});
  CHECK(a.state(1) == node_state::active);

  CHECK(a.change(drain_node{{9}, true})
        == "not_found (308): no node 9: expected one of 1, 2, 3");
}

TEST_CASE("the last active node doesn't drain") {
  three_nodes a;
  a.change(drain_node{{1}, true});
  a.change(drain_node{{2}, true});

  CHECK(a.change(drain_node{{3}, true})
        == "illegal_state (104): node 3 is the last active node: expected "
           "another that is up to lead its shards");

  // One that has not come leads nothing.
  a.change(add_node{{4}, "d:1", ""});
  a.see({{1}, {2}, {3}});
  CHECK(a.change(drain_node{{3}, true}) != "");
  a.see({{1}, {2}, {3}, {4}});
  CHECK(a.change(drain_node{{3}, true}) == "");
}

TEST_CASE("only a node that drains is removed, and its number is gone") {
  three_nodes a;
  CHECK(a.change(remove_node{{1}})
        == "illegal_state (104): node 1 is active: expected one that was told "
           "to drain, for what is removed never comes back");
  a.change(drain_node{{1}, true});
  a.twice(remove_node{{1}});

  CHECK(a.state(1) == node_state::removed);
  CHECK(a.change(add_node{{1}, "a:1", "x"})
        == "already_exists (309): node 1 was removed: expected a number that "
           "was never used");
  CHECK(a.change(drain_node{{1}, false})
        == "illegal_state (104): node 1 was removed: expected a node that "
           "stays");
  CHECK(a.change(remove_node{{7}})
        == "not_found (308): no node 7: expected one of 2, 3");
}

TEST_CASE("a replica moves where there is none, one at a time") {
  three_nodes a;
  a.change(add_node{{4}, "d:1", ""});
  a.twice(move_shard{{0}, {2}, {4}});
  CHECK(a.shard(0).voters == ids{{1}, {4}, {3}});

  CHECK(a.change(move_shard{{1}, {2}, {4}})
        == "unavailable (403): another replica moves: one moves at a time, try "
           "again later");
  a.twice(shard_reached{{0}, {{1}, {3}, {4}}, 9, 1});
  CHECK(a.change(move_shard{{1}, {2}, {4}}) == "");
}

TEST_CASE("a move from or to the wrong node is refused") {
  three_nodes a;
  a.change(add_node{{4}, "d:1", ""});

  CHECK(a.change(move_shard{{3}, {1}, {4}})
        == "not_found (308): no shard 3: expected 0 to 2");
  CHECK(a.change(move_shard{{0}, {4}, {5}})
        == "illegal_state (104): shard 0 has no replica on node 4: expected a "
           "node that keeps one");
  CHECK(a.change(move_shard{{0}, {1}, {2}})
        == "illegal_state (104): shard 0 has a replica on node 2: expected a "
           "node without one");
  CHECK(a.change(move_shard{{0}, {1}, {8}})
        == "not_found (308): no node 8: expected one of 1, 2, 3, 4");
  a.change(drain_node{{4}, true});
  CHECK(a.change(move_shard{{0}, {1}, {4}})
        == "illegal_state (104): node 4 is draining: expected an active node");
}

TEST_CASE("a replica that goes already does not go elsewhere") {
  three_nodes a;
  a.change(add_node{{4}, "d:1", ""});
  a.change(add_node{{5}, "e:1", ""});
  REQUIRE(a.change(move_shard{{0}, {2}, {4}}) == "");

  CHECK(a.change(move_shard{{0}, {2}, {5}})
        == "illegal_state (104): shard 0 already leaves node 2: expected a "
           "node that keeps one");
}

TEST_CASE("nothing goes to a node that is down") {
  three_nodes a;
  a.change(add_node{{4}, "d:1", ""});
  a.see({{1}, {2}});
  const auto expected = " is down: expected a node that is up, to take over "
                        "there";

  CHECK(a.change(move_shard{{0}, {1}, {4}})
        == std::string{"illegal_state (104): node 4"} + expected);
  CHECK(a.change(transfer_shard{{0}, {3}})
        == std::string{"illegal_state (104): node 3"} + expected);
}

TEST_CASE("what does not arrive in time holds no other move") {
  three_nodes a;
  a.change(add_node{{4}, "d:1", ""});
  REQUIRE(a.change(move_shard{{0}, {2}, {4}}) == "");
  a.see({{1}, {2}, {3}, {4}});
  a.see({{1}, {2}, {3}, {4}}, 9min);
  CHECK(a.change(move_shard{{1}, {2}, {4}})
          .starts_with("unavailable (403): another replica moves"));
  a.see({{1}, {2}, {3}, {4}}, 1min);

  CHECK(a.change(move_shard{{1}, {2}, {4}}) == "");
}

TEST_CASE("whom an operator wants is not passed over") {
  three_nodes a;
  a.change(add_node{{4}, "d:1", ""});
  REQUIRE(a.change(move_shard{{0}, {2}, {4}}) == "");
  a.see({{1}, {2}, {3}, {4}});
  a.see({{1}, {2}, {3}, {4}}, 10min);
  REQUIRE(a.change(move_shard{{0}, {4}, {2}}) == "");

  REQUIRE(a.change(move_shard{{0}, {2}, {4}}) == "");
  a.see({{1}, {2}, {3}, {4}});
  a.machine.plan();
  CHECK(a.shard(0).voters == ids{{1}, {4}, {3}});
}

TEST_CASE("leadership goes to an active voter") {
  three_nodes a;
  a.change(add_node{{4}, "d:1", ""});
  a.twice(transfer_shard{{0}, {3}});
  CHECK(a.shard(0).voters == ids{{3}, {1}, {2}});

  CHECK(a.change(transfer_shard{{0}, {4}})
        == "illegal_state (104): node 4 has no vote in shard 0: expected one "
           "of its voters");
  CHECK(a.change(transfer_shard{{9}, {1}})
        == "not_found (308): no shard 9: expected 0 to 2");
  a.change(move_shard{{0}, {2}, {4}});
  // Wanted there, but not there yet.
  CHECK(a.change(transfer_shard{{0}, {4}})
        == "illegal_state (104): node 4 has no vote in shard 0: expected one "
           "of its voters");
}

TEST_CASE("leaders tell which voters their groups have") {
  three_nodes a;
  a.twice(shard_reached{{1}, {{2}, {3}}, 2});
  CHECK(a.shard(1).actual == ids{{2}, {3}});
  a.twice(shard_reached{cluster::control_shard, {{1}, {2}}, 2});
  CHECK(a.machine.map().control.actual == ids{{1}, {2}});

  auto wrong = "bad_field (102): voters: expected nodes of the cluster, in "
               "order, each once";
  CHECK(a.change(shard_reached{{1}, {}}) == wrong);
  CHECK(a.change(shard_reached{{1}, {{2}, {2}}}) == wrong);
  CHECK(a.change(shard_reached{{1}, {{3}, {2}}}) == wrong);
  CHECK(a.change(shard_reached{{1}, {{2}, {4}}}) == wrong);
  CHECK(a.change(shard_reached{{3}, {{2}}})
        == "not_found (308): no shard 3: expected 0 to 2");
}

TEST_CASE("what a leader said too late changes nothing") {
  three_nodes a;
  a.twice(shard_reached{{1}, {{2}, {3}}, 8});
  auto before = a.machine.map();
  CHECK(a.change(shard_reached{{1}, {{1}, {2}, {3}}, 7}) == "");
  CHECK(a.machine.map() == before);

  a.twice(shard_reached{{1}, {{1}, {2}, {3}}, 9});
  CHECK(a.shard(1).actual == ids{{1}, {2}, {3}});
  CHECK(a.shard(1).index == 9);
}

TEST_CASE("who was to get a shard is needed until its leader says otherwise") {
  three_nodes a;
  a.change(add_node{{4}, "d:1", ""});
  REQUIRE(a.change(move_shard{{0}, {2}, {4}}) == "");
  REQUIRE(a.change(drain_node{{4}}) == "");
  REQUIRE(a.change(remove_node{{4}}) == "");
  a.machine.plan();
  CHECK(a.shard(0).voters == ids{{1}, {2}, {3}});
  CHECK(a.shard(0).dropped == ids{{4}});
  CHECK(a.shard(0).revision == 2);
  auto gone = [&] {
    for (auto i = 0; i < 5; ++i)
      a.machine.plan(); // The control group needs it no more.
    return cluster::empty(a.machine.map(), {4});
  };
  CHECK(!gone());

  // Of what was wanted before.
  a.twice(shard_reached{{0}, {{1}, {2}, {3}}, 8, 1});
  CHECK(!gone());
  a.twice(shard_reached{{0}, {{1}, {2}, {3}}, 8, 2});
  CHECK(gone());
}

TEST_CASE("the controller plans with the nodes that it sees") {
  three_nodes a;
  a.change(add_node{{4}, "d:1", ""});
  auto before = a.machine.map();

  a.see({{1}, {2}, {3}});
  a.machine.plan();
  CHECK(a.machine.map() == before);
  a.see({{1}, {2}, {3}, {4}});
  a.machine.plan();
  CHECK(a.machine.map().version == before.version + 1);
  CHECK(a.machine.map().control.voters == ids{{1}, {2}, {3}, {4}});
}

} // namespace control_machine_test
