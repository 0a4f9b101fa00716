// A cluster gets more nodes and loses some, by an operator's commands and while
// clients talk: nothing is lost, doubled or reordered.
#include "tests/process/checks.hpp"
#include "tests/process/real_cluster.hpp"

#include <boost/asio/post.hpp>
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <thread>

using namespace iris;
using namespace iris::process;

namespace {

/// Founders that are ready, nodes that may join, and a crowd that writes.
struct growing_cluster {
  growing_cluster(std::size_t founders, std::size_t joiners)
    : nodes(founders, joiners), all(started(founders), {1}) {
    all.begin();
    all.load();
  }

  const venue& started(std::size_t founders) {
    for (std::size_t i = 0; i < founders; ++i)
      nodes[i].start();
    nodes.await_ready();
    return nodes;
  }

  void acknowledge(std::size_t more) {
    auto upto = all.counts().acknowledged + more;
    REQUIRE(all.run_until([&] { return all.counts().acknowledged >= upto; }));
  }

  /// While the crowd goes on.
  template <class F>
  void meanwhile(F what) {
    auto done = false;
    std::thread doing{[&] {
      what();
      boost::asio::post(all.io(), [&] { done = true; });
    }};
    auto in_time = all.run_until([&] { return done; });
    doing.join();
    REQUIRE(in_time);
  }

  /// A command, at the node of that place.
  void operate(std::size_t at, const std::string& command,
               const std::string& says) {
    CAPTURE(command);
    real_node::verdict found;
    // Said by the command rather than by the crowd's own net.
    auto net = command.ends_with("--wait") ? " --timeout 110" : "";
    meanwhile([&] { found = nodes[at].operate(command + net); });
    CHECK(found.text == says + "\n");
    REQUIRE(found.status == 0);
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
    REQUIRE(all.run_until([&] {
      boost::asio::post(all.io(), [] {}); // Look again.
      found = nlohmann::json::parse(nodes[at].get("/v1/nodes", true).body);
      return found["settled"] == true;
    }));
    std::vector<int> out;
    for (const auto& x : found["nodes"])
      out.push_back(x["replicas"]);
    return out;
  }

  nlohmann::json status(std::size_t i) {
    return nlohmann::json::parse(nodes[i].get("/v1/status", true).body);
  }

  void stop(std::size_t i) {
    CAPTURE(i);
    auto ended = result<void>{};
    meanwhile([&] { ended = nodes[i].terminate(); });
    INFO(ended.failure().context);
    CHECK(ended);
  }

  /// No load any more: whatever was acknowledged is there, once, in order.
  void check(std::size_t first_running) {
    CHECK(all.settle());
    CHECK(all.call_witnesses());
    check_nothing_wrong(all);
    for (auto i = first_running; i < nodes.count(); ++i) {
      CAPTURE(i);
      CHECK(nodes[i].terminate());
    }
    for (std::size_t i = 0; i < nodes.count(); ++i) {
      CAPTURE(i);
      auto found = nodes[i].verify();
      INFO(found.text);
      CHECK(found.status == 0);
      CHECK(found.text.ends_with("no problems\n"));
    }
  }

  real_cluster nodes;
  crowd all;
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
  REQUIRE(a.all.run_until([&] {
    boost::asio::post(a.all.io(), [] {}); // Look again.
    return a.nodes[0].connections() == 0;
  }));
  a.acknowledge(100);
  a.operate(1, "node remove 1 --wait",
            "node 1 keeps nothing any more: stop it");
  CHECK(a.shares(1) == std::vector<int>{0, 6, 6, 6, 6});
  a.acknowledge(100);
  a.stop(0);
  a.acknowledge(100);

  auto led = 0;
  for (std::size_t i = 1; i < 5; ++i)
    led += a.nodes.led_by(i);
  CHECK(led == real_cluster::shards);
  a.check(1);
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
  a.check(0);
}
