#include "cluster/links/founding_gate.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace founding_gate_test {

using namespace iris;
using namespace iris::cluster;

namespace {

/// What a node hears, in order: "+2", "-2", "2:frame".
struct told final : network::receiver {
  void on_frame(node_id from, lane, std::string frame) override {
    all.push_back(std::to_string(from.value) + ":" + frame);
  }
  void on_link(node_id peer, bool up) override {
    all.push_back((up ? "+" : "-") + std::to_string(peer.value));
  }

  std::vector<std::string> all;
};

using lines = std::vector<std::string>;

/// The gate of node 1 of a cluster that 1, 2 and 3 found.
struct founder {
  explicit founder(std::set<node_id> missing = {{2}, {3}})
    : gate(node, std::move(missing), [this](node_id x) { met.push_back(x); }) {
    // nop
  }

  void frame(std::uint64_t from, std::string what) {
    gate.on_frame({from}, lane::consensus, std::move(what));
  }

  told node;
  std::vector<node_id> met;
  founding_gate gate;
};

} // namespace

TEST_CASE("a founder hears of nobody until it has met all others") {
  founder one;

  one.gate.on_link({2}, true);
  one.frame(2, "vote for me");
  CHECK_FALSE(one.gate.release({2}));

  CHECK(one.node.all.empty());
  CHECK(one.met == std::vector<node_id>{{2}});
  CHECK(one.gate.missing() == std::set<node_id>{{3}});
}

TEST_CASE("a founder that has met all others hears of all links, then frames") {
  founder one;
  for (std::uint64_t other : {2, 4, 3})
    one.gate.on_link({other}, true);
  CHECK(one.met == std::vector<node_id>{{2}, {3}});
  one.gate.on_link({4}, false);
  one.gate.release({2});
  one.frame(3, "not durable yet");

  CHECK(one.gate.release({3}));

  one.frame(3, "a");
  one.gate.on_link({3}, false);
  one.frame(2, "b");
  one.gate.on_link({3}, true);
  CHECK(one.node.all == lines{"+2", "+3", "3:a", "-3", "2:b", "+3"});
  CHECK(one.gate.missing().empty());
  CHECK_FALSE(one.gate.release({3}));
  CHECK(one.met.size() == 2);
}

TEST_CASE("who was met may be away when the last one comes") {
  founder one;
  one.gate.on_link({2}, true);
  one.gate.release({2});
  one.gate.on_link({2}, false);
  one.gate.on_link({3}, true);

  CHECK(one.gate.release({3}));

  CHECK(one.node.all == lines{"+3"});
}

TEST_CASE("a founder that was removed is not waited for") {
  founder one{std::set<node_id>{{3}}};
  one.gate.on_link({2}, true);

  CHECK(one.gate.release({3}));

  CHECK(one.node.all == lines{"+2"});
  CHECK(one.met.empty());
}

TEST_CASE("who has met all founders before, or founded alone, waits for "
          "nobody") {
  founder one{std::set<node_id>{}};

  one.gate.on_link({2}, true);
  one.frame(2, "a");

  CHECK(one.node.all == lines{"+2", "2:a"});
  CHECK(one.met.empty());
}

} // namespace founding_gate_test
