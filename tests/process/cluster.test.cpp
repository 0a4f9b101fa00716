// Three real nodes: whatever happens to one of them, nothing is lost, doubled
// or reordered, and the others go on.
#include "base/codec.hpp"
#include "persistence/keys.hpp"
#include "persistence/posix_disk.hpp"
#include "persistence/state_store.hpp"
#include "persistence/writes.hpp"
#include "tests/damaged_store.hpp"
#include "tests/process/busy_cluster.hpp"
#include "tests/process/from_environment.hpp"
#include "tests/process/guest.hpp"
#include "tests/process/guide.hpp"
#include "tests/process/percentile.hpp"

#include <doctest/doctest.h>
#include <leveldb/db.h>
#include <nlohmann/json.hpp>

#include <csignal>

namespace cluster_test {

using namespace iris;
using namespace iris::process;

namespace {

#ifdef IRIS_SANITIZED
constexpr std::uint64_t rounds_default = 2;
#else
constexpr std::uint64_t rounds_default = 4;
#endif

std::chrono::nanoseconds now() {
  return system_clock().steady_now();
}

user_id user(const std::string& name) {
  return *user_id::parse(name);
}

/// To whom `from` writes in a conversation of one of these shards.
user_id peer_in(const std::set<shard_id>& shards, const user_id& from) {
  for (auto i = 0;; ++i)
    if (auto out = user("grace" + std::to_string(i));
        shards.contains(real_cluster::home_of(direct_conversation(from, out))))
      return out;
}

/// What a node says of the links to others.
std::string status(const real_node& of) {
  return of.get("/v1/status", true).body;
}

/// So many rounds read the whole store each, and one in so many later.
constexpr std::uint64_t all_checked = 10;

/// Empty if the link is up.
std::string problem_with(const real_node& of, std::uint64_t node) {
  auto said = nlohmann::json::parse(status(of));
  for (const auto& x : said["links"])
    if (x["node"] == node)
      return x["up"] ? "" : "down: " + x["problem"].get<std::string>();
  return "not listed";
}

/// As `iris tree` shows it.
int shards_in_state(const std::string& state, const std::string& tree) {
  auto text = "\"state\":\"" + state + '"';
  auto out = 0;
  for (auto at = tree.find(text); at != tree.npos; at = tree.find(text, at + 1))
    ++out;
  return out;
}

/// How long it takes until all writes that are under way are answered, while
/// that happens.
std::chrono::nanoseconds time_to_answer(crowd& all,
                                        const std::function<void()>& what) {
  auto owed = all.unanswered();
  auto from = now();
  what();
  REQUIRE(all.run_until([&] { return all.answered(owed); }));
  return now() - from;
}

void report(const std::string& when,
            const std::vector<std::chrono::nanoseconds>& pauses) {
  MESSAGE(pauses.size(), " times ", when,
          "; all writes under way were answered after (ms): p50 ",
          percentile(pauses, 50), ", p90 ", percentile(pauses, 90), ", p99 ",
          percentile(pauses, 99), ", at most ", percentile(pauses, 100));
}

/// For a percentile that means something.
constexpr std::size_t delays = 1000;

void report(const std::vector<std::chrono::nanoseconds>& before,
            const std::vector<std::chrono::nanoseconds>& after) {
  auto usual = percentile(before, 99), now = percentile(after, 99);
  MESSAGE("acknowledgements, p99: ", usual, " ms with all nodes, ", now,
          " ms with one that hangs, ", now / usual, " times that");
}

} // namespace

TEST_CASE("three nodes become a cluster in whatever order they start") {
  real_cluster nodes;
  for (const auto& order :
       {std::vector<std::size_t>{0, 1, 2}, {2, 0, 1}, {1, 2, 0}}) {
    nodes.start(order);
    nodes.await_ready();
    // Leaderships may move while one node after the other is asked.
    nodes.await("each shard has one leader", [&] {
      return nodes.led_by(0) + nodes.led_by(1) + nodes.led_by(2)
             == real_cluster::shards;
    });
    for (auto i : order) {
      // Of each shard and the control group.
      nodes.await("each replica leads or follows", [&] {
        auto tree = nodes[i].get("/v1/tree", true).body;
        return shards_in_state("leader", tree)
                 + shards_in_state("follower", tree)
               == real_cluster::shards + 1;
      });
    }
    for (auto i : order)
      CHECK(nodes[i].terminate());
  }
}

TEST_CASE("a node that is alone in a cluster of three answers nobody") {
  real_cluster nodes;

  nodes.start({1});

  auto ready = nodes[1].get("/readyz");
  CHECK(ready.status == 503);
  CHECK(ready.body.find("expected 8 shards with a leader, found 0")
        != std::string::npos);
  CHECK(ready.body.find("waiting to meet nodes 1 and 3 for the first time")
        != std::string::npos);
  auto shown = nlohmann::json::parse(status(nodes[1]));
  CHECK(shown["founders"] == nlohmann::json{1, 2, 3});
  CHECK(shown["joined"] == false);
  CHECK(problem_with(nodes[1], 1).find("waiting for node 1 to call")
        != std::string::npos);

  boost::asio::io_context io;
  raw_connection visitor{io, nodes[1], "tcp"};
  visitor.send(protocol::hello{});
  visitor.send(
    protocol::auth{nodes[1].token(user("frank")), *device_id::parse("phone")});
  visitor.await_close();

  REQUIRE(visitor.frames().size() == 2);
  CHECK(std::holds_alternative<protocol::welcome>(visitor.frames()[0]));
  auto refused = visitor.await<protocol::failed>(1).at(0);
  CHECK(refused.code == errc::unavailable);
  CHECK(refused.fatal);
  CHECK(nodes[1].get("/readyz").status == 503);
}

TEST_CASE("links follow a node to the address that it is given") {
  real_cluster nodes;
  nodes.start();
  nodes.await_ready();
  // From then on an address that is another has been corrected.
  for (std::size_t i : {0, 1, 2})
    nodes.await("each has the cluster's map", [&] {
      return nlohmann::json::parse(status(nodes[i]))["map_version"] > 0;
    });
  auto give = [&](const std::string& address) {
    auto done = nodes[0].operate("node add 3 " + address);
    INFO(done.text);
    CHECK(done.status == 0);
  };

  give("127.0.0.1:1");
  for (std::size_t i : {0, 1})
    nodes.await("node 3 is looked for elsewhere", [&] {
      return problem_with(nodes[i], 3).find("127.0.0.1:1") != std::string::npos;
    });

  give(nodes.address(2));
  for (std::size_t i : {0, 1})
    nodes.await("node 3 is found",
                [&] { return problem_with(nodes[i], 3).empty(); });
}

TEST_CASE("kill -9 of any node of three loses, doubles and reorders nothing") {
  auto seed = number_from("IRIS_PROCESS_SEED", 1);
  auto rounds = number_from("IRIS_PROCESS_ROUNDS", rounds_default);
  MESSAGE("seed ", seed, ", ", rounds, " rounds");
  random_source random{seed};
  busy_cluster a{seed};
  auto& nodes = a.nodes;
  auto& all = a.all;
  std::vector<std::chrono::nanoseconds> of_three, of_fewer, of_none;

  for (std::uint64_t i = 1; i <= rounds; ++i) {
    CAPTURE(i);
    auto recovered = random.chance(50);
    if (recovered)
      meanwhile(all, [&] { nodes.await_ready(); });
    acknowledge(all, 1 + random.below(600));
    if (recovered)
      of_none.push_back(time_to_answer(all, [] {}));
    auto victim =
      random.chance(50) ? nodes.busiest() : random.below(real_cluster::size);
    (recovered ? of_three : of_fewer).push_back(time_to_answer(all, [&] {
      nodes[victim].kill();
    }));
    if (random.chance(50))
      acknowledge(all, random.below(600));
    // It grows: to read it all each time would take longer than all else.
    if (i <= all_checked || i % all_checked == 0)
      check_store(nodes[victim]);
    nodes[victim].start();
  }

  report("one of three was killed", of_three);
  report("one was, perhaps before the last victim was ready", of_fewer);
  report("nobody was", of_none);
  check_all(nodes, all);
  const auto& n = all.counts();
  MESSAGE("checked ", n.acknowledged, " acknowledged sends (", n.duplicate,
          " of them retries of a committed one), ", n.received,
          " inbox items, ", n.refused, " refusals");
}

TEST_CASE("a leader that stands still is replaced, and comes back as one of "
          "three") {
  busy_cluster a{1};
  auto& nodes = a.nodes;
  auto& all = a.all;
  acknowledge(all, 100);
  auto leader = nodes.busiest();
  all.take_delays();
  acknowledge(all, delays);
  auto before = all.take_delays();
  auto frank = user("frank"),
       grace = peer_in(nodes.shards_led_by(leader), frank);
  auto hung = std::make_unique<guest>(all, nodes[leader], frank);
  auto asked = hung->letter(grace, "asked"),
       unheard = hung->letter(grace, "unheard");

  hung->link.send(asked);
  auto owed = all.unanswered();
  REQUIRE_FALSE(owed.empty());
  nodes[leader].signal(SIGSTOP);
  hung->link.send(unheard);
  run_until(all, [&] { return led_without(nodes, leader); });
  all.take_delays();
  acknowledge(all, delays);
  report(before, all.take_delays());
  // What it was asked, others answer.
  REQUIRE(all.run_until([&] { return all.answered(owed); }));
  guest elsewhere{all, nodes[(leader + 1) % nodes.count()], frank};
  for (const auto& x : {asked, unheard})
    elsewhere.link.send(x);
  auto answers = elsewhere.link.await<protocol::sent>(2);
  CHECK(answers[0].id == asked.id);
  CHECK(answers[1].id == unheard.id);
  CHECK_FALSE(answers[1].duplicate);
  hung.reset();
  nodes[leader].signal(SIGCONT);
  nodes.await_ready();
  acknowledge(all, 100);

  guest back{all, nodes[leader], frank};
  CHECK(back.read(2) == std::vector<std::string>{"asked", "unheard"});
  check_all(nodes, all);
}

TEST_CASE("a leader without the others steps down, and they go on") {
  busy_cluster a{1};
  auto& nodes = a.nodes;
  auto& all = a.all;
  acknowledge(all, 100);
  auto leader = nodes.busiest();
  auto& node = nodes[leader];
  auto frank = user("frank"),
       grace = peer_in(nodes.shards_led_by(leader), frank);
  auto there = std::make_unique<guest>(all, node, frank);
  there->link.send(there->letter(grace, "before"));
  auto conversation = there->link.await<protocol::sent>(1).at(0).conversation;

  nodes.isolate(leader);
  run_until(all, [&] { return nodes.led_by(leader) == 0; });
  CHECK(node.get("/readyz").status == 503);
  // Whoever is connected stays so, and is told that this is to be done again.
  // For 30 s: nothing else is waited for before.
  there->link.send(protocol::ping{1});
  CHECK(there->link.await<protocol::pong>(1).at(0).n == 1);
  auto letter = there->letter(grace, "meanwhile");
  there->link.send(protocol::history{7, conversation, {1}, 10});
  there->link.send(letter);
  auto refused = there->link.await<protocol::failed>(2);
  CHECK(refused[0].n == 7);
  CHECK(refused[1].id == letter.id);
  for (const auto& x : refused) {
    INFO(to_string(error{x.code, x.text}));
    CHECK(retryable(x.code));
    CHECK_FALSE(x.fatal);
  }
  run_until(all, [&] { return led_without(nodes, leader); });
  auto acknowledged = [&] {
    return node.metrics().at("iris_messages_sent_acked_total");
  };
  auto until_then = acknowledged();
  acknowledge(all, 100);
  CHECK(acknowledged() == until_then);
  there.reset();
  nodes.rejoin(leader);
  nodes.await_ready();
  acknowledge(all, 100);

  guest back{all, node, frank};
  back.link.send(letter);
  CHECK_FALSE(back.link.await<protocol::sent>(1).at(0).duplicate);
  CHECK(back.read(2) == std::vector<std::string>{"before", "meanwhile"});
  check_all(nodes, all);
}

TEST_CASE("SIGTERM of one node of three: its clients go on at the others") {
  busy_cluster a{1};
  auto& nodes = a.nodes;
  auto& all = a.all;
  for (std::size_t i = 0; i < real_cluster::size; ++i) {
    CAPTURE(i);
    acknowledge(all, 100);
    stop(all, nodes[i]);
    acknowledge(all, 100);
    check_store(nodes[i]);
    nodes[i].start();
    nodes.await_ready();
  }

  check_all(nodes, all);
}

TEST_CASE("a node whose disk was wiped is refused, and harms nobody") {
  busy_cluster a{1};
  auto& nodes = a.nodes;
  auto& all = a.all;
  acknowledge(all, 100);
  nodes[2].kill();
  std::filesystem::remove_all(nodes[2].data_dir() / "store");

  nodes[2].start();

  for (std::size_t i : {0, 1}) {
    CAPTURE(i);
    run_until(all, [&] {
      const auto* why = "comes with another store than before";
      return status(nodes[i]).find(why) != std::string::npos
             && nodes[i].log().find(why) != std::string::npos;
    });
  }
  acknowledge(all, 100);
  CHECK(nodes[2].get("/readyz").status == 503);
  nodes[2].kill();
  check_all(nodes, all, {3});
}

TEST_CASE("of two copies of a store the one that comes back first stays") {
  busy_cluster a{1};
  auto& nodes = a.nodes;
  auto& all = a.all;
  acknowledge(all, 100);
  auto store = nodes[2].data_dir() / "store";
  auto copy = nodes[2].data_dir() / "copy";
  auto original = nodes[2].data_dir() / "original";
  nodes[2].kill();
  std::filesystem::copy(store, copy, std::filesystem::copy_options::recursive);
  nodes[2].start();
  nodes.await_ready();
  acknowledge(all, 100);
  nodes[2].kill();
  std::filesystem::rename(store, original);
  std::filesystem::rename(copy, store);

  // However often it starts.
  for (auto n : {2, 3, 4}) {
    CAPTURE(n);
    nodes[2].start();
    for (std::size_t i : {0, 1})
      run_until(all, [&] {
        auto problem = problem_with(nodes[i], 3);
        return problem.find("a clone of its store; found start number "
                            + std::to_string(n) + ",")
               != std::string::npos;
      });
    CHECK(nodes[2].get("/readyz").status == 503);
    nodes[2].kill();
  }
  acknowledge(all, 100);
  std::filesystem::remove_all(store);
  std::filesystem::rename(original, store);
  nodes[2].start();
  nodes.await_ready();

  // Whoever was refused is called again within two seconds.
  for (std::size_t i : {0, 1})
    run_until(all, [&] { return problem_with(nodes[i], 3).empty(); });
  check_all(nodes, all);
}

namespace {

/// Of one conversation in the node's store, at rest, what its log says is first
/// becomes something else: neither its checksum nor anything that was applied
/// tells.
void falsify(const real_node& node) {
  persistence::posix_disk disk;
  auto dir = (node.data_dir() / "store" / "state").string();
  auto store = persistence::state_store::open(dir, disk);
  REQUIRE(store);
  persistence::shard_record wrong;
  shard_id where;
  REQUIRE((*store)->scan("", "", false, [&](auto key, auto payload) {
    auto owner = persistence::owner_of(key);
    auto of_conversation =
      owner && owner->kind == persistence::actor_kind::conversation;
    if (of_conversation) {
      wrong.key = key;
      wrong.value = persistence::checked_value(key, std::string{payload} + "x");
      where = {decoder{key}.u16()};
    }
    return !of_conversation;
  }));
  REQUIRE_FALSE(wrong.key.empty());
  REQUIRE((*store)->restore(where, {&wrong, 1}));
  REQUIRE((*store)->sync());
}

} // namespace

TEST_CASE("replicas are compared by one command, and who differs is mended") {
  busy_cluster a{1};
  auto& nodes = a.nodes;
  auto& all = a.all;
  acknowledge(all, 200);

  auto found = nodes[0].operate("verify --cluster --timeout 60");
  INFO(found.text);
  CHECK(found.status == 0);
  CHECK(found.text.find("1 2 3") != std::string::npos);

  CHECK(all.settle());
  nodes[2].kill();
  falsify(nodes[2]);
  nodes[2].start();
  nodes.await_ready();
  found = nodes[0].operate("verify --cluster --timeout 60");
  INFO(found.text);
  CHECK(found.status == 1);
  CHECK(found.text.find("copied anew from the others") != std::string::npos);
  CHECK(found.text.find("of 1 of 9 shards, expected of none")
        != std::string::npos);
  nodes[2].await_log("a shard's state is not what a majority has");
  CHECK(nodes[2].metrics().at("iris_shard_differences_total") == 1);

  found = nodes[1].operate("verify --cluster --timeout 60");
  INFO(found.text);
  CHECK(found.status == 0);
  check_all(nodes, all);
}

TEST_CASE("a replica that stopped for damage is repaired by one command") {
  busy_cluster a{1};
  auto& nodes = a.nodes;
  auto& all = a.all;
  acknowledge(all, 100);
  nodes[2].kill();
  auto store = nodes[2].data_dir() / "store";
  test::damage((store / "state").string(), persistence::applied_key({3}));
  test::damage_log((store / "log").string(), {4});

  nodes[2].start();
  nodes[2].await_log("shard stopped");
  run_until(all, [&] { return led_without(nodes, 2); });
  auto ready = nodes[2].get("/readyz");
  CHECK(ready.status == 503);
  CHECK(ready.body.find("found those of shards 3, 4:") != std::string::npos);
  CHECK(nodes[2].metrics().at("iris_shard_stopped{shard=\"3\"}") == 1);
  acknowledge(all, 100);

  // Refused until the replica has heard of who leads now.
  auto repair = guide("failover.md", "Damage that a read finds").at(0);
  REQUIRE(repair == "repair 3");
  real_node::verdict found;
  for (const auto& command : {repair, with({{"3", "4"}}, repair)}) {
    found = nodes[2].operate(command);
    run_until(all, [&] {
      if (found.text.find("no leader of this shard is known")
          != found.text.npos)
        found = nodes[2].operate(command);
      return found.text.find("no leader of this shard") == found.text.npos;
    });
    INFO(found.text);
    CHECK(found.status == 0);
  }
  run_until(all, [&] { return nodes[2].get("/readyz").status == 200; });
  CHECK(shards_in_state("stopped", nodes[2].get("/v1/tree", true).body) == 0);
  CHECK(all.settle());
  for (const auto* section : {"", "Is my data the same everywhere?"}) {
    found = nodes[2].operate(guide("failover.md", section).at(0));
    INFO(found.text);
    CHECK(found.status == 0);
  }
  check_all(nodes, all);
}

TEST_CASE("founders answer nobody until each has met all others once") {
  real_cluster nodes;
  // That two have met is durable a moment after their link is up.
  auto await_missing = [&](std::size_t at, int node) {
    nodes.await("it waits for that node only", [&] {
      auto ready = nodes[at].get("/readyz");
      CHECK(ready.status == 503);
      return ready.body.find("waiting to meet node " + std::to_string(node)
                             + " for the first time")
             != std::string::npos;
    });
  };
  nodes.start({0, 1});
  for (std::size_t i : {0, 1}) {
    CAPTURE(i);
    nodes.await("the two are linked",
                [&] { return problem_with(nodes[i], 2 - i).empty(); });
    CHECK(problem_with(nodes[i], 3)
            .starts_with("down: waiting to meet it for the first time"));
    await_missing(i, 3);
  }
  // Its disk is wiped while only one of the others has met it.
  nodes[1].kill();
  std::filesystem::remove_all(nodes[1].data_dir() / "store");

  nodes.start({1, 2});

  nodes.await("node 3 has met both", [&] {
    return problem_with(nodes[2], 1).empty()
           && problem_with(nodes[2], 2).empty();
  });
  nodes.await("node 1 refuses the empty one", [&] {
    return problem_with(nodes[0], 2).find("comes with another store")
           != std::string::npos;
  });
  nodes.await("the two that know each other are a majority", [&] {
    return nodes.led_by(0) + nodes.led_by(2) == real_cluster::shards;
  });
  await_missing(1, 1);
}

TEST_CASE("a cluster that has met goes on without one of its founders") {
  real_cluster nodes;
  nodes.start();
  nodes.await_ready();
  for (std::size_t i : {0, 1, 2})
    CHECK(nodes[i].terminate());

  nodes.start({0, 1});

  nodes.await_ready();
}

TEST_CASE("a node with the certificate of another authority is refused") {
  real_cluster nodes;
  nodes.start();
  nodes.await_ready();
  CHECK(nodes[2].terminate());
  nodes.make_stranger(2);

  nodes[2].start();

  for (std::size_t i : {0, 1})
    nodes.await("the stranger is refused", [&] {
      return problem_with(nodes[i], 3).find("TLS") != std::string::npos;
    });
  CHECK(nodes[2].get("/readyz").status == 503);
  for (std::size_t i : {0, 1})
    nodes.await("the others lead all that it led",
                [&] { return nodes[i].get("/readyz").status == 200; });
}

} // namespace cluster_test
