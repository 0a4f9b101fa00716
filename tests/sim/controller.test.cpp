// The control group of whole nodes: who asks where, and who knows.
#include "actors/controller.hpp"
#include "tests/lines.hpp"
#include "tests/sim/cluster.hpp"

#include <algorithm>
#include <doctest/doctest.h>

namespace controller_test {

using namespace iris;
using namespace iris::sim;
using namespace std::chrono_literals;
using actors::add_node;
using actors::control_change;
using actors::drain_node;
using actors::move_shard;
using actors::remove_node;

namespace {

constexpr auto a_while = 5s;

/// `hasty`: others take over for who is away for three seconds.
profile calm(std::uint32_t replicas, bool hasty) {
  auto out = profile::calm();
  out.replicas = replicas;
  out.hasty = hasty;
  return out;
}

struct some_nodes : sim_cluster {
  explicit some_nodes(std::size_t count, std::uint32_t replicas = 0,
                      bool hasty = false)
    : sim_cluster(1, count, calm(replicas, hasty)) {
    here.run(a_while);
  }

  /// What comes of it, asked at this node; empty if it is done.
  std::string change(std::size_t at, const control_change& what) {
    std::optional<error> out;
    ask(at, what, out);
    REQUIRE(here.run(20s, [&] { return out.has_value(); }));
    return *out ? to_string(*out) : std::string{};
  }

  void ask(std::size_t at, const control_change& what,
           std::optional<error>& into) {
    nodes[at]->node().change(what, [&into](const error& x) {
      CHECK_FALSE(into);
      into = x;
    });
  }

  /// What this node reads of its own store, too.
  cluster::cluster_map map(std::size_t at) {
    auto stored = actors::read_map(nodes[at]->state(), nodes[at]->shards());
    REQUIRE(stored);
    REQUIRE(*stored);
    auto& node = nodes[at]->node();
    CHECK(*node.map() == **stored);
    return **stored;
  }

  std::size_t leader() {
    auto out = nodes.size();
    for (std::size_t i = 0; i < nodes.size(); ++i)
      if (nodes[i]->running())
        nodes[i]->metrics().shard_leader.each(
          [&](std::string_view which, const auto& leads) {
            if (which == "control" && leads.value() == 1)
              out = i;
          });
    REQUIRE(out < nodes.size());
    return out;
  }
};

} // namespace

TEST_CASE("a node alone keeps the map that it founded, over a restart") {
  some_nodes a{1};
  auto map = a.map(0);
  REQUIRE(map.nodes.size() == 1);
  CHECK(map.nodes[0].id == node_id{1});
  CHECK(map.shards.size() == a.nodes[0]->shards());

  CHECK(a.change(0, add_node{{2}, "b:1", "cellar"}) == "");
  a.nodes[0]->crash();
  REQUIRE(a.nodes[0]->start());
  a.here.run(a_while);

  map = a.map(0);
  REQUIRE(map.nodes.size() == 2);
  CHECK(map.nodes[1] == cluster::member{{2}, "b:1", "cellar"});
}

TEST_CASE("a change may be asked at any node, and all know of it") {
  some_nodes a{3};
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(a.change(i, add_node{{10 + i}, "b:" + std::to_string(i), ""}) == "");
    CHECK(a.change(i, drain_node{{9}, true})
            .starts_with("not_found (308): no node 9: expected one of 1, 2"));
  }
  a.here.run(1s);

  auto map = a.map(0);
  CHECK(map.nodes.size() == 6);
  CHECK(a.map(1) == map);
  CHECK(a.map(2) == map);
  CHECK(a.compare() == std::vector<std::string>{});
}

TEST_CASE("a change that is asked again is done once") {
  some_nodes a{3};
  CHECK(a.change(0, drain_node{{2}, true}) == "");
  a.here.run(a_while);
  auto map = a.map(0);

  CHECK(a.change(1, drain_node{{2}, true}) == "");
  CHECK(a.change(2, drain_node{{2}, true}) == "");
  a.here.run(a_while);
  CHECK(a.map(0) == map);

  CHECK(a.change(0, remove_node{{1}}).starts_with("illegal_state (104)"));
  CHECK(a.map(0) == map);
}

TEST_CASE("a change that its leader can't answer is asked of the next") {
  some_nodes a{3};
  auto first = a.leader();
  auto other = (first + 1) % 3;
  std::optional<error> out;
  a.nodes[first]->stall_disk(1h);
  a.ask(other, add_node{{7}, "b:1", ""}, out);
  a.here.run(100ms);
  CHECK_FALSE(out);
  a.nodes[first]->kill();

  REQUIRE(a.here.run(20s, [&] { return out.has_value(); }));
  CHECK(to_string(*out) == to_string(error{}));
  CHECK(a.leader() != first);
  a.here.run(1s);
  CHECK(find(a.map(other), {7}) != nullptr);
}

TEST_CASE("without a majority a change is refused in time") {
  some_nodes a{3};
  a.nodes[1]->kill();
  a.nodes[2]->kill();

  auto why = a.change(0, add_node{{7}, "b:1", ""});

  CHECK(why == "not_leader (402): this shard has no leader here yet");
}

TEST_CASE("a node that drains is wanted to lead nothing") {
  some_nodes a{3};
  CHECK(a.change(0, drain_node{{1}, true}) == "");
  a.here.run(20s);

  for (const auto& x : a.map(0).shards)
    CHECK(x.voters.front() != node_id{1});
}

TEST_CASE("a shard goes where it is told to, and its leader says so") {
  some_nodes a{5, 3};
  const shard_id one{0};
  auto before = a.map(0).shards[0].voters;
  REQUIRE(before.size() == 3);
  node_id to{1};
  while (std::find(before.begin(), before.end(), to) != before.end())
    ++to.value;

  CHECK(a.change(4, move_shard{one, before[1], to}) == "");
  auto moved = before;
  moved[1] = to;
  REQUIRE(a.here.run(60s, [&] { return reached(a.map(2).shards[0]); }));
  CHECK(a.change(3, move_shard{one, before[1], to}) == "");

  a.here.run(a_while);
  auto there = a.map(0).shards[0].voters;
  CHECK(there[1] == to);
  CHECK(std::is_permutation(there.begin(), there.end(), moved.begin()));
  CHECK(a.compare() == std::vector<std::string>{});
}

TEST_CASE("others take over what a node had once it has been away for long "
          "enough, and not before") {
  some_nodes a{4, 3, true};
  const node_id lost{4};
  auto wanted = [&] {
    std::vector<std::vector<node_id>> out;
    for (const auto& x : a.nodes[0]->node().map()->shards)
      out.push_back(x.voters);
    return out;
  };
  auto keeps = [&] {
    auto all = wanted();
    return std::count_if(all.begin(), all.end(), [&](const auto& x) {
      CHECK(x.size() == 3);
      return std::find(x.begin(), x.end(), lost) != x.end();
    });
  };
  auto there = [&] {
    const auto& all = a.nodes[0]->node().map()->shards;
    return std::all_of(all.begin(), all.end(), cluster::reached);
  };
  a.here.run(30s);
  REQUIRE(there());
  REQUIRE(keeps() == 3);
  auto before = wanted();

  a.nodes[3]->crash();
  a.here.run(2900ms);
  CHECK(wanted() == before);
  CHECK(a.here.run(60s, [&] { return keeps() == 0 && there(); }));

  REQUIRE(a.nodes[3]->start());
  CHECK(a.here.run(60s, [&] { return keeps() == 3 && there(); }));
  CHECK(a.here.run(60s, [&] { return a.compare().empty(); }));
}

TEST_CASE("what a leader said too late counts for nothing, nor what was never "
          "said for long") {
  some_nodes a{3};
  const shard_id one{0};
  const std::vector<node_id> all{{1}, {2}, {3}};
  auto before = a.map(0).shards[0];
  REQUIRE(before.actual == all);
  CHECK(a.change(0, actors::shard_reached{one, {{1}, {2}}, before.index - 1})
        == "");
  CHECK(a.map(0).shards[0] == before);

  std::optional<error> done;
  a.ask(0, actors::shard_reached{one, {{1}, {2}}, before.index}, done);
  auto says = [&](const std::vector<node_id>& voters) {
    return a.nodes[1]->node().map()->shards[0].actual == voters;
  };
  REQUIRE(a.here.run(a_while, [&] { return says({{1}, {2}}); }));
  CHECK(a.here.run(a_while, [&] { return says(all); }));
  CHECK(done == error{});
}

} // namespace controller_test
