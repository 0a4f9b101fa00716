// What a node does about a map of its cluster that it can't use.
#include "actors/controller.hpp"
#include "actors/records.hpp"
#include "tests/sim/cluster.hpp"

#include <doctest/doctest.h>

#include <span>

namespace unfit_map_test {

using namespace iris;
using namespace iris::sim;
using namespace std::chrono_literals;

namespace {

constexpr auto a_while = 5s;

bool stopped(const sim_node& at, std::string_view which) {
  auto out = false;
  at.metrics().shard_stopped.each([&](std::string_view name, const auto& x) {
    out = out || (name == which && x.value() == 1);
  });
  return out;
}

/// Three that founded a cluster of four shards, and one with another number.
struct with_odd_one : sim_cluster {
  explicit with_odd_one(std::uint16_t shards)
    : sim_cluster(1, 4, profile::calm(), 3, others::wait) {
    auto options = sim_options(here);
    for (std::uint64_t i = 1; i <= 3; ++i)
      options.founders.push_back({{i}, {}, {}});
    options.self.node = options.connection.node = {4};
    options.self.shards = shards;
    auto machine = profile::calm().machine(4);
    machine.network = &network;
    nodes[3] = std::make_unique<sim_node>(here, caf.system, options, machine);
    use(*nodes[3]);
    here.run(a_while);
  }

  void add_it() {
    std::optional<error> out;
    nodes[0]->node().change(actors::add_node{{4}, "d:1", ""},
                            [&out](const error& x) { out = x; });
    REQUIRE(here.run(20s, [&] { return out.has_value(); }));
    CHECK(to_string(*out) == to_string(error{}));
  }
};

/// The next entry of the control group's log, which a later version left.
void append_map(sim_node& to, const std::string& map) {
  auto store = persistence::node_store::open(
    "/node", {"sim", to.id(), to.shards()}, to.disk());
  REQUIRE(store);
  auto before = store->log->load(cluster::control_shard);
  REQUIRE(before);
  actors::keyring keys{cluster::control_shard, actors::controller_ref()};
  persistence::writes what;
  what.put(keys.all(actors::record::map), map);
  persistence::log_change change;
  change.shard = cluster::control_shard;
  change.first_index = before->first_index + before->entries.size();
  change.entries.push_back(
    {before->state.term,
     static_cast<std::uint8_t>(cluster::raft::entry_type::command),
     std::make_shared<const std::string>(what.bytes())});
  REQUIRE(store->log->append(std::span{&change, 1}));
}

} // namespace

TEST_CASE("a node that joined with another number of shards sends nothing to "
          "any, and does not start again") {
  for (auto shards : std::initializer_list<std::uint16_t>{2, 3, 5, 9}) {
    CAPTURE(shards);
    with_odd_one a{shards};
    auto& odd = *a.nodes[3];
    REQUIRE(odd.node().env().routes.at({0}));

    a.add_it();

    REQUIRE(a.here.run(20s, [&] { return stopped(odd, "control"); }));
    a.here.run(a_while);
    CHECK(odd.node().map()->version == 0);
    for (std::uint16_t i = 0; i < shards; ++i)
      CHECK_FALSE(odd.node().env().routes.at({i}));
    odd.kill();
    auto again = odd.start();
    REQUIRE_FALSE(again);
    CHECK(to_string(again.failure())
          == "store_foreign (503): this node joined with node.shards = "
               + std::to_string(shards)
               + " a cluster whose map has 4 shards: expected the same; put a "
                 "new node in its place, with that number");
  }
}

TEST_CASE("a map of a later version stops a node's replica of it, and keeps "
          "the node from starting again") {
  sim_cluster a{1, 1, profile::calm()};
  auto& node = *a.nodes[0];
  a.here.run(a_while);
  auto before = node.node().map();
  auto later = encode(*before);
  later[0] = 3;
  node.kill();
  append_map(node, later);

  REQUIRE(node.start());

  REQUIRE(a.here.run(20s, [&] { return stopped(node, "control"); }));
  a.here.run(a_while);
  // All else goes on by what it knew: what it read before, or began with.
  auto known = *node.node().map();
  CHECK(known.version <= before->version);
  known.version = before->version;
  CHECK(known == *before);
  CHECK(node.node().leads().size() == node.shards());
  node.kill();
  auto again = node.start();
  REQUIRE_FALSE(again);
  CHECK(to_string(again.failure())
        == "store_newer (504): the cluster's map has format 3, expected at "
           "most 2: start the version of Iris that wrote it, or a later one");
}

} // namespace unfit_map_test
