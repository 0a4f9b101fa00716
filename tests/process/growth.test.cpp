// A cluster gets more nodes and loses some, by the commands of scale-out.md and
// while clients talk: nothing is lost, doubled or reordered.
#include "tests/process/busy_cluster.hpp"
#include "tests/process/guest.hpp"
#include "tests/process/guide.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace growth_test {

using namespace iris;
using namespace iris::process;

namespace {

constexpr auto page = "scale-out.md";

/// What comes of a command about a node.
std::string said(const std::string& how, const std::string& node,
                 const std::string& address, bool wait) {
  if (how == "add")
    return wait
             ? node + " is up and has its share"
             : node + " may join as " + address + ": start it, unless it runs";
  if (how == "drain")
    return node
           + (wait ? " leads nothing any more"
                   : " drains: its clients go to others, who lead what it led");
  REQUIRE(how == "remove");
  return node
         + (wait ? " keeps nothing any more: stop it"
                 : " goes: if it runs, let it until it keeps nothing any more");
}

/// By shard: the nodes that it is wanted on, its leader first.
using placements = std::vector<std::vector<int>>;

/// How often each node is among the first `n` of them.
std::map<int, int> counted(const placements& all, std::size_t n) {
  std::map<int, int> out;
  for (const auto& x : all)
    for (std::size_t i = 0; i < n; ++i)
      ++out[x[i]];
  return out;
}

int least(const std::map<int, int>& of) {
  return std::min_element(
           of.begin(), of.end(),
           [](const auto& x, const auto& y) { return x.second < y.second; })
    ->first;
}

bool contains(const std::vector<int>& in, int x) {
  return std::find(in.begin(), in.end(), x) != in.end();
}

/// Founders and nodes that may join.
struct growing_cluster : busy_cluster {
  growing_cluster(std::size_t founders, std::size_t joiners,
                  const preparation& before = {})
    : busy_cluster(1, founders, joiners, before) {}

  void acknowledge(std::size_t more) { process::acknowledge(all, more); }

  void operate(std::size_t at, const std::string& command,
               const std::string& says) {
    process::operate(all, nodes[at], command, says);
  }

  /// Does what a section says about nodes, asking that one.
  void follow(std::size_t at, const std::string& section,
              const numbers& others = {}) {
    for (const auto& shown : guide(page, section)) {
      auto command = with(others, shown);
      std::istringstream words{command};
      std::string what, how, address;
      std::size_t id = 0;
      words >> what >> how >> id >> address;
      REQUIRE(what == "node");
      const auto here = nodes.address(id - 1);
      if (how == "add")
        command.replace(command.find(address), address.size(), here);
      operate(at, command,
              said(how, "node " + std::to_string(id), here,
                   command.ends_with(" --wait")));
      if (how == "add" && !nodes[id - 1].running())
        nodes[id - 1].start();
    }
  }

  /// "A shard by hand", so that shares stay even within one, and all stays.
  void move_by_hand(std::size_t at) {
    auto commands = guide(page, "A shard by hand");
    REQUIRE(commands.size() == 2);
    auto text = [](int x) { return std::to_string(x); };
    auto to = least(counted(wanted(at), real_cluster::size));
    auto one =
      shard_where(at, [to](const auto& x) { return !contains(x, to); });
    auto from = wanted(at)[one].back();
    operate(
      at,
      with({{"0", text(one)}, {"1", text(from)}, {"4", text(to)}}, commands[0]),
      "a replica of shard " + text(one) + " is on node " + text(to));

    auto leads = counted(wanted(at), 1);
    auto leader = least(leads);
    auto other = shard_where(at, [&](const auto& x) {
      return contains(x, leader) && leads[x[0]] > leads[leader];
    });
    operate(at, with({{"0", text(other)}, {"4", text(leader)}}, commands[1]),
            "node " + text(leader) + " leads shard " + text(other));

    auto is = wanted(at);
    CHECK(contains(is[one], to));
    CHECK_FALSE(contains(is[one], from));
    CHECK(is[other][0] == leader);
  }

  int shard_where(std::size_t at,
                  const std::function<bool(const std::vector<int>&)>& fits) {
    auto is = wanted(at);
    auto found = std::find_if(is.begin(), is.end(), fits);
    REQUIRE(found != is.end());
    return static_cast<int>(found - is.begin());
  }

  placements wanted(std::size_t at) {
    placements out;
    const auto map = settled(at, "/v1/shards");
    for (const auto& x : map["shards"])
      out.push_back(x["voters"]);
    return out;
  }

  /// How many replicas each node has.
  std::vector<int> shares(std::size_t at) {
    std::vector<int> out;
    const auto map = settled(at, "/v1/nodes");
    for (const auto& x : map["nodes"])
      out.push_back(x["replicas"]);
    return out;
  }

  /// What that node says once it sees nothing to be done.
  nlohmann::json settled(std::size_t at, const std::string& what) {
    nlohmann::json found;
    run_until(all, [&] {
      found = nlohmann::json::parse(nodes[at].get(what, true).body);
      return found["settled"] == true;
    });
    return found;
  }

  /// Two who know one of these nodes each talk to each other.
  void check_served_at(std::size_t one, std::size_t other) {
    auto frank = *user_id::parse("frank" + std::to_string(one)),
         grace = *user_id::parse("grace" + std::to_string(other));
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

  const std::string both = "A fourth and a fifth node";
  a.follow(1, both);
  a.acknowledge(100);
  a.follow(1, both, {{"4", "5"}});
  a.acknowledge(100);
  a.nodes.await_ready();
  a.move_by_hand(1);
  std::string shown;
  for (const auto& command : guide(page, "")) {
    auto list = a.nodes[4].operate(command);
    CHECK(list.status == 0);
    shown += list.text.substr(0, list.text.find(' ')) + ' ';
  }
  CHECK(shown == "NODE SHARD ");
  auto shares = a.shares(4);
  std::sort(shares.begin(), shares.end());
  CHECK(shares == std::vector<int>{4, 5, 5, 5, 5});

  a.follow(1, "A node goes", {{"3", "1"}});
  CHECK(a.nodes[0].connections() == 0);
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

TEST_CASE("a node that was alone grows to three while clients talk, and one of "
          "them is lost for good") {
  // Nobody spoke of a cluster when it first started.
  auto without_section = [](real_cluster& x) { x[0].configure(""); };
  growing_cluster a{1, 3, without_section};
  a.acknowledge(100);
  stop(a.all, a.nodes[0]);
  a.nodes[0].configure(a.nodes[0].setup().more);
  a.nodes[0].start();
  a.acknowledge(100);

  a.follow(0, "From one node to three");
  a.acknowledge(100);

  a.nodes.await_ready();
  CHECK(a.shares(2) == std::vector<int>{8, 8, 8});
  CHECK(a.status(0)["founders"] == nlohmann::json{1});
  CHECK(a.status(2)["joined"] == true);
  a.check_served_at(1, 2);
  a.follow(0, "Racks and buildings");
  a.operate(0, "node drain 3 --wait", "node 3 leads nothing any more");
  auto ready = a.nodes[2].get("/readyz");
  CHECK(ready.status == 503);
  CHECK(ready.body.find("iris node drain 3 --off") != std::string::npos);
  a.operate(0, "node drain 3 --off --wait",
            "node 3 takes clients and leads again");

  a.nodes[1].kill();
  a.acknowledge(100);
  a.follow(0, "A lost node is replaced", {{"6", "4"}});
  a.acknowledge(100);
  CHECK(a.shares(3) == std::vector<int>{8, 0, 8, 8});
  a.check_served_at(2, 3);
  check_all(a.nodes, a.all);
}

} // namespace growth_test
