// A node lets its client go, and tells it of others.
#include "tests/client/stage.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

namespace elsewhere_test {

using namespace iris;
using namespace iris::client;
using namespace std::chrono_literals;

namespace {

options with_endpoints(std::vector<std::string> urls) {
  auto out = stage::one_endpoint();
  out.endpoints = std::move(urls);
  return out;
}

/// The wait after what ended the connection or the attempt.
std::chrono::nanoseconds wait_of(stage& at) {
  auto out = at.event<disconnected>().retry_in;
  at.events.clear();
  return out;
}

/// A node that has let everybody go says so to who comes.
std::chrono::nanoseconds turned_away(stage& at, std::uint32_t hint_ms) {
  at.link_up();
  at.node(protocol::goaway{"drain", hint_ms});
  return wait_of(at);
}

} // namespace

TEST_CASE("who knows only one node goes on at another at once") {
  stage at;
  at.open();
  auto id = at.send("a");
  at.node(protocol::goaway{"drain", 2000, {"tcp://other:1"}});
  at.send("b");
  at.node(at.sent(id));
  at.frames.clear();
  at.event<connected>();
  at.event<protocol::sent>();

  CHECK(wait_of(at) < 100ms);

  at.await_dial();
  CHECK(at.dialled
        == std::vector<std::string>{"tcp://node:1", "tcp://other:1"});
  at.open();
  CHECK(at.sends() == "b");
}

TEST_CASE("who could not connect is told where, and whether there is another") {
  stage at;
  at.link_up();
  at.node(protocol::goaway{"drain", 1000, {"tcp://other:1"}});
  auto first = at.event<disconnected>();
  at.await_dial();
  at.cut();
  auto second = at.event<disconnected>();

  CHECK(first.endpoint == "tcp://node:1");
  CHECK(first.others_left);
  CHECK(second.endpoint == "tcp://other:1");
  CHECK_FALSE(second.others_left);
}

TEST_CASE("who knows several nodes does not wait for one that lets it go") {
  stage at{with_endpoints({"tcp://a:1", "tcp://b:1"})};
  at.open();
  at.events.clear();

  at.node(protocol::goaway{"drain", 2000});

  CHECK(wait_of(at) < 100ms);
  at.await_dial();
  CHECK(at.dialled[1] != at.dialled[0]);
}

TEST_CASE("a client that was given TLS is led to no plain transport") {
  stage at{with_endpoints({"tls://node:1"})};
  at.open();
  at.events.clear();

  at.node(protocol::goaway{"drain", 2000, {"tcp://evil:1", "ws://evil:2"}});

  CHECK(wait_of(at) >= 2s);
  for (int i = 0; i < 10; ++i) {
    at.await_dial();
    CHECK(at.dialled.back() == "tls://node:1");
    at.cut();
  }
}

TEST_CASE("a node that lets a client go is asked again when it said") {
  stage at;
  at.open();
  at.events.clear();
  at.node(protocol::goaway{"drain", 5000, {"tcp://x:1", "tcp://y:1"}});
  auto let_go = at.now;
  for (int i = 0; i < 2; ++i) {
    CHECK(wait_of(at) < 100ms);
    at.await_dial();
    CHECK(at.dialled.back() != "tcp://node:1");
    at.cut();
  }

  at.await_dial();

  CHECK(at.dialled.back() == "tcp://node:1");
  CHECK(at.now - let_go >= 5s);
}

TEST_CASE("nodes that all let a client go are asked less and less often") {
  stage at;
  at.open();
  at.pass(11s);
  at.events.clear();
  at.node(protocol::goaway{"drain", 1000, {"tcp://other:1"}});
  std::vector<std::chrono::nanoseconds> between{wait_of(at)}, after_all;
  for (int i = 0; i < 20; ++i) {
    at.await_dial();
    auto& waits = i % 2 == 0 ? after_all : between;
    waits.push_back(turned_away(at, 1000));
  }

  CHECK(*std::max_element(between.begin(), between.end()) < 100ms);
  CHECK(*std::min_element(after_all.begin(), after_all.end()) >= 1s);
  CHECK(*std::max_element(after_all.begin(), after_all.end()) > 5s);
}

TEST_CASE("a connection that lasted has all others before it again") {
  stage at;
  at.open();
  at.events.clear();
  at.node(protocol::goaway{"drain", 1000, {"tcp://other:1"}});
  CHECK(wait_of(at) < 100ms);
  at.await_dial();
  at.open();
  at.pass(11s);
  at.events.clear();

  at.node(protocol::goaway{"drain", 1000});

  CHECK(wait_of(at) < 100ms);
  at.await_dial();
  CHECK(at.dialled.back() == "tcp://node:1");
}

TEST_CASE("what was told is known for as long as the client is") {
  stage at;
  at.open();
  at.node(protocol::goaway{"drain", 1000, {"tcp://other:1"}});
  at.core.stop();

  at.core.start(at.now, {1});
  CHECK(at.dialled.back() == "tcp://other:1");
  at.cut();
  at.await_dial();

  CHECK(at.dialled.back() == "tcp://node:1");
}

TEST_CASE("nobody keeps a client from others for ever") {
  stage at;
  at.open();
  at.events.clear();
  at.node(protocol::goaway{"drain", 4'000'000'000, {"tcp://other:1"}});
  CHECK(wait_of(at) < 100ms);
  at.await_dial();
  at.open();
  for (int i = 0; i < 4; ++i) {
    at.pass(20s);
    at.node(protocol::ping{1});
  }
  at.events.clear();

  at.cut();

  CHECK(wait_of(at) < 100ms);
}

} // namespace elsewhere_test
