// A cluster gets more nodes and loses some, by an operator's commands and while
// clients talk: nothing is lost, doubled or reordered.
#include "tests/process/busy_cluster.hpp"
#include "tests/process/guest.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace growth_test {

using namespace iris;
using namespace iris::process;

namespace {

/// Founders and nodes that may join.
struct growing_cluster : busy_cluster {
  growing_cluster(std::size_t founders, std::size_t joiners)
    : busy_cluster(1, founders, joiners) {}

  void acknowledge(std::size_t more) { process::acknowledge(all, more); }

  void operate(std::size_t at, const std::string& command,
               const std::string& says) {
    process::operate(all, nodes[at], command, says);
  }

  /// As docs/operating/scale-out.md says.
  void add(std::size_t i) {
    auto name = "node " + std::to_string(i + 1);
    auto command = "node add " + std::to_string(i + 1) + " " + nodes.address(i);
    operate(1 % i, command,
            name + " may join as " + nodes.address(i)
              + ": start it, unless it runs");
    nodes[i].start();
    operate(1 % i, command + " --wait", name + " is up and has its share");
  }

  /// How many replicas each node has, once that one sees nothing to be done.
  std::vector<int> shares(std::size_t at) {
    nlohmann::json found;
    run_until(all, [&] {
      found = nlohmann::json::parse(nodes[at].get("/v1/nodes", true).body);
      return found["settled"] == true;
    });
    std::vector<int> out;
    for (const auto& x : found["nodes"])
      out.push_back(x["replicas"]);
    return out;
  }

  /// Two who know one of these nodes each talk to each other.
  void check_served_at(std::size_t one, std::size_t other) {
    auto frank = *user_id::parse("frank"), grace = *user_id::parse("grace");
    guest here{all, nodes[one], frank}, there{all, nodes[other], grace};
    here.link.send(here.letter(grace, "anybody there?"));
    here.link.await<protocol::sent>(1);
    there.link.send(there.letter(frank, "yes"));
    there.link.await<protocol::sent>(1);
    const std::vector<std::string> talk{"anybody there?", "yes"};
    CHECK(here.read(2) == talk);
    CHECK(there.read(2) == talk);
  }

  nlohmann::json status(std::size_t i) {
    return nlohmann::json::parse(nodes[i].get("/v1/status", true).body);
  }
};

} // namespace

TEST_CASE("two nodes join a cluster of three under load, and the first goes") {
  growing_cluster a{3, 2};
  a.acknowledge(100);

  a.add(3);
  a.acknowledge(100);
  a.add(4);
  a.acknowledge(100);
  a.nodes.await_ready();
  auto shares = a.shares(4);
  std::sort(shares.begin(), shares.end());
  CHECK(shares == std::vector<int>{4, 5, 5, 5, 5});

  a.operate(1, "node drain 1 --wait", "node 1 leads nothing any more");
  run_until(a.all, [&] { return a.nodes[0].connections() == 0; });
  a.acknowledge(100);
  a.operate(1, "node remove 1 --wait",
            "node 1 keeps nothing any more: stop it");
  auto ready = a.nodes[0].get("/readyz");
  CHECK(ready.status == 503);
  CHECK(nlohmann::json::parse(ready.body)["checks"]["clients"]["text"]
        == "this node was removed, and its number never comes back: stop it "
           "once iris node list, at another node, says: node 1 keeps nothing "
           "any more");
  CHECK(a.shares(1) == std::vector<int>{0, 6, 6, 6, 6});
  a.acknowledge(100);
  stop(a.all, a.nodes[0]);
  a.acknowledge(100);
  a.check_served_at(3, 4);

  auto led = 0;
  for (std::size_t i = 1; i < 5; ++i)
    led += a.nodes.led_by(i);
  CHECK(led == real_cluster::shards);
  check_all(a.nodes, a.all);
}

TEST_CASE("a node that was alone grows to three while clients talk") {
  growing_cluster a{1, 2};
  a.acknowledge(100);

  a.add(1);
  a.acknowledge(100);
  a.add(2);
  a.acknowledge(100);

  a.nodes.await_ready();
  CHECK(a.shares(2) == std::vector<int>{8, 8, 8});
  CHECK(a.status(0)["founders"] == nlohmann::json{1});
  CHECK(a.status(2)["joined"] == true);
  a.check_served_at(1, 2);
  a.operate(0, "node drain 3 --wait", "node 3 leads nothing any more");
  auto ready = a.nodes[2].get("/readyz");
  CHECK(ready.status == 503);
  CHECK(ready.body.find("iris node drain 3 --off") != std::string::npos);
  a.operate(0, "node drain 3 --off --wait",
            "node 3 takes clients and leads again");
  a.nodes[2].kill();
  a.acknowledge(100);
  a.nodes[2].start();
  a.nodes.await_ready();
  check_all(a.nodes, a.all);
}

} // namespace growth_test
