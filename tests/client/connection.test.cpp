#include "tests/client/stage.hpp"

#include "protocol/codec.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

namespace connection_test {

using namespace iris;
using namespace iris::client;
using namespace std::chrono_literals;

namespace {

protocol::failed fatal(errc code, std::uint32_t retry_after_ms = 0) {
  protocol::failed out;
  out.code = code;
  out.text = "no";
  out.fatal = true;
  out.retry_after_ms = retry_after_ms;
  return out;
}

} // namespace

TEST_CASE("a connection goes from hello to sync by itself") {
  stage at;
  CHECK(at.dialled == std::vector<std::string>{"tcp://node:1"});
  CHECK(at.core.state() == state::connecting);

  at.link_up();
  auto hello = at.take<protocol::hello>();
  CHECK(hello.min == 1);
  CHECK(hello.max == 1);
  CHECK(hello.agent == "iris-cpp");
  CHECK(at.silent());

  at.node(protocol::welcome{});
  CHECK(at.take<protocol::auth>()
        == protocol::auth{"token", *device_id::parse("phone")});
  CHECK(at.silent());

  at.node(
    protocol::ready{user("alice"), *device_id::parse("phone"), {}, {}, {7}});
  CHECK(at.take<protocol::sync>() == protocol::sync{{0}, 256});
  CHECK(at.silent());
  CHECK(at.event<connected>() == connected{user("alice"), {7}, "tcp://node:1"});
  CHECK(at.core.state() == state::open);
  CHECK(at.core.user() == user("alice"));
}

TEST_CASE("each connection asks for the token anew") {
  auto with = stage::one_endpoint();
  int asked = 0;
  with.token = [&asked] { return "token " + std::to_string(++asked); };
  stage at{with};
  at.open();
  at.cut();
  at.await_dial();
  at.frames.clear();

  at.greet();

  at.take<protocol::hello>();
  CHECK(at.take<protocol::auth>().token == "token 2");
}

TEST_CASE("waits double up to the limit, and are jittered") {
  stage at;
  std::vector<std::chrono::nanoseconds> waits;
  for (int i = 0; i < 12; ++i) {
    at.cut();
    auto event = at.event<disconnected>();
    CHECK(event.reason == error{errc::no_connection, "cut"});
    waits.push_back(event.retry_in);
    at.await_dial();
  }

  auto ceiling = std::chrono::nanoseconds{100ms};
  bool grew = false;
  for (auto x : waits) {
    CHECK(x < ceiling);
    grew = grew || x > 1s;
    ceiling = std::min<std::chrono::nanoseconds>(2 * ceiling, 10s);
  }
  CHECK(grew);
  CHECK(at.dialled.size() == 13);
}

TEST_CASE("only a connection that lasted makes the next wait short again") {
  stage at;
  std::chrono::nanoseconds longest{0};
  for (int i = 0; i < 8; ++i) {
    at.open();
    at.cut();
    at.event<connected>();
    longest = std::max(longest, at.event<disconnected>().retry_in);
    at.await_dial();
  }
  CHECK(longest > 1s);

  at.open();
  at.pass(11s);
  at.cut();

  at.event<connected>();
  CHECK(at.event<disconnected>().retry_in < 100ms);
}

TEST_CASE("a client goes around its endpoints") {
  auto with = stage::one_endpoint();
  with.endpoints = {"tcp://a:1", "tcp://b:1", "tcp://c:1"};
  stage at{with};
  for (int i = 0; i < 5; ++i) {
    at.cut();
    at.await_dial();
  }

  for (std::size_t i = 0; i + 3 < at.dialled.size(); ++i) {
    CHECK(at.dialled[i] == at.dialled[i + 3]);
    CHECK(at.dialled[i] != at.dialled[i + 1]);
    CHECK(at.dialled[i] != at.dialled[i + 2]);
  }
}

TEST_CASE("a client waits longer once it has tried all its endpoints") {
  auto with = stage::one_endpoint();
  with.endpoints = {"tcp://a:1", "tcp://b:1", "tcp://c:1"};
  stage at{with};
  std::vector<std::chrono::nanoseconds> between, after_all;
  for (int i = 0; i < 30; ++i) {
    at.cut();
    auto& waits = i % 3 == 2 ? after_all : between;
    waits.push_back(at.event<disconnected>().retry_in);
    at.await_dial();
  }

  CHECK(*std::max_element(between.begin(), between.end()) < 100ms);
  CHECK(*std::max_element(after_all.begin(), after_all.end()) > 1s);
}

TEST_CASE("an endpoint that was reached counts as none that failed") {
  auto with = stage::one_endpoint();
  with.endpoints = {"tcp://a:1", "tcp://b:1"};
  stage at{with};
  std::chrono::nanoseconds longest{0};
  for (int i = 0; i < 16; ++i) {
    at.cut();
    CHECK(at.event<disconnected>().retry_in < 100ms);
    at.await_dial();
    at.link_up();
    at.cut();
    longest = std::max(longest, at.event<disconnected>().retry_in);
    at.await_dial();
  }

  CHECK(longest > 1s);
}

TEST_CASE("each state before ready has its time") {
  stage at;
  int step = 0;
  SUBCASE("connecting") {
    step = 0;
  }
  SUBCASE("greeting") {
    step = 1;
  }
  SUBCASE("authenticating") {
    step = 2;
  }
  if (step == 1)
    at.link_up();
  if (step == 2)
    at.greet();

  at.pass(9999ms);
  CHECK(at.events.empty());
  at.pass(1ms);

  CHECK(at.event<disconnected>().reason.code == errc::timed_out);
  CHECK(at.closes == 1);
}

TEST_CASE("a silent client sends pings") {
  stage at;
  at.greet({.caps = {}, .time_ms = {}, .heartbeat_ms = 1000});
  at.node(
    protocol::ready{user("alice"), *device_id::parse("phone"), {}, {}, {}});
  at.frames.clear();

  at.pass(999ms);
  CHECK(at.silent());
  at.pass(1ms);

  CHECK(at.take<protocol::ping>().n == 1);
  at.node(protocol::pong{1});
  CHECK(at.silent());
}

TEST_CASE("a connection on which nothing is heard is given up") {
  stage at;
  at.greet({.caps = {}, .time_ms = {}, .heartbeat_ms = 1000});
  at.node(
    protocol::ready{user("alice"), *device_id::parse("phone"), {}, {}, {}});
  at.events.clear();

  at.pass(1999ms);
  CHECK(at.events.empty());
  at.pass(1ms);

  CHECK(at.event<disconnected>().reason.code == errc::timed_out);
  CHECK(at.closes == 1);
}

TEST_CASE("a ping is answered") {
  stage at;
  at.open();
  at.frames.clear();

  at.node(protocol::ping{41});

  CHECK(at.take<protocol::pong>().n == 41);
}

TEST_CASE("a stopping node is left when it has answered") {
  stage at;
  at.open();
  auto id = at.send("a");
  at.node(protocol::goaway{"restart", 2000});
  at.send("b");
  at.events.clear();
  CHECK(at.sends() == "a");

  CHECK(at.core.state() == state::draining);
  CHECK(at.closes == 0);
  at.node(at.sent(id));

  CHECK(at.closes == 1);
  CHECK(at.event<protocol::sent>().id == id);
  auto event = at.event<disconnected>();
  CHECK(event.reason.code == errc::draining);
  CHECK(event.retry_in >= 2s);
  CHECK(event.retry_in < 3s);
  at.await_dial();
  at.open();
  CHECK(at.sends() == "b");
}

TEST_CASE("a stopping node that does not answer is left, too") {
  stage at;
  at.open();
  at.send("a");
  at.node(protocol::goaway{"restart", 2000});
  at.events.clear();

  at.pass(5s);

  CHECK(at.event<disconnected>().retry_in >= 2s);
}

TEST_CASE("what can't be mended by connecting again stops the client") {
  for (auto code : {errc::token_invalid, errc::replaced, errc::device_removed,
                    errc::too_many_devices, errc::version_unsupported}) {
    stage at;
    at.open();
    at.events.clear();

    at.node(fatal(code));

    CHECK(at.event<stopped>().reason.code == code);
    CHECK(at.core.state() == state::stopped);
    CHECK(at.closes == 1);
    at.pass(1h);
    CHECK(at.dialled.size() == 1);
    CHECK(at.core.send(user("bob"), "x", at.now).failure().code
          == errc::no_connection);
  }
}

TEST_CASE("a stopped client can be started again with all that it had") {
  stage at;
  at.open();
  at.send("a");
  at.node(fatal(errc::token_invalid));
  at.frames.clear();

  at.core.start(at.now, {1});
  CHECK(at.dialled.size() == 2);
  at.open();

  CHECK(at.sends() == "a");
}

TEST_CASE("an expired token is renewed once") {
  stage at;
  at.open();
  at.events.clear();
  at.node(fatal(errc::token_expired));
  CHECK(at.event<disconnected>().reason.code == errc::token_expired);
  at.await_dial();

  SUBCASE("and again later if the new one was good") {
    at.open();
    at.events.clear();
    at.node(fatal(errc::token_expired));
    CHECK(at.event<disconnected>().reason.code == errc::token_expired);
  }
  SUBCASE("but not if the new one is no better") {
    at.greet();
    at.node(fatal(errc::token_expired));
    CHECK(at.event<stopped>().reason.code == errc::token_expired);
  }
}

TEST_CASE("a fatal error's hint is kept to") {
  stage at;
  at.open();
  at.events.clear();

  at.node(fatal(errc::too_many_connections, 4000));

  auto event = at.event<disconnected>();
  CHECK(event.reason.code == errc::too_many_connections);
  CHECK(event.retry_in >= 4s);
  CHECK(event.retry_in < 6s);
}

TEST_CASE("nobody makes a client wait for ever") {
  stage at;
  at.open();
  at.events.clear();

  at.node(fatal(errc::overloaded, 4'000'000'000));

  CHECK(at.event<disconnected>().retry_in < 90s);
}

TEST_CASE("a node that breaks the protocol is left") {
  stage at;
  at.open(10);
  at.events.clear();
  protocol::server_frame bad = protocol::goaway{};
  SUBCASE("welcome twice") {
    bad = protocol::welcome{};
  }
  SUBCASE("ready twice") {
    bad =
      protocol::ready{user("alice"), *device_id::parse("phone"), {}, {}, {}};
  }
  SUBCASE("items with a gap") {
    bad = stage::page(2, 3);
  }
  SUBCASE("live with items missing") {
    bad = protocol::live{{10}};
  }
  SUBCASE("an answer to no send") {
    bad = at.sent(message_id{});
  }
  SUBCASE("an error for no send") {
    bad = stage::refuse(message_id{}, errc::overloaded);
  }
  SUBCASE("an answer to no request") {
    bad = protocol::done{1};
  }
  SUBCASE("an error about nothing") {
    bad = protocol::failed{};
  }
  SUBCASE("a pong for no ping") {
    bad = protocol::pong{1};
  }

  at.node(bad);

  auto what = at.event<protocol_error>().what;
  CHECK(at.event<disconnected>().reason == what);
  CHECK(at.events.empty());
  CHECK(at.closes == 1);
  CHECK(at.core.state() == state::waiting);
}

TEST_CASE("a frame before its time is a broken protocol") {
  stage at;
  at.link_up();

  at.node(stage::page(1, 1));

  CHECK(at.event<protocol_error>().what.code == errc::illegal_state);
}

TEST_CASE("bytes that are no frame are a broken protocol") {
  stage at;
  at.open();
  at.events.clear();

  at.core.receive("\xc1", at.now);

  CHECK(at.event<protocol_error>().what.code == errc::bad_frame);
  CHECK(at.event<disconnected>().reason.code == errc::bad_frame);
}

TEST_CASE("a transport that can't find frames in its bytes says so") {
  stage at;
  at.open();
  at.events.clear();

  at.core.link_down({errc::frame_too_large, "x"}, at.now);

  CHECK(at.event<protocol_error>().what.code == errc::frame_too_large);
  CHECK(at.event<disconnected>().reason.code == errc::frame_too_large);
}

TEST_CASE("a frame of a type that is not known is ignored") {
  stage at;
  at.open();
  at.events.clear();
  std::string bytes{"\x81\xa1t\xa3new"};
  REQUIRE(protocol::decode_server(bytes).failure().code == errc::unknown_type);

  at.core.receive(bytes, at.now);

  CHECK(at.events.empty());
  CHECK(at.core.state() == state::open);
}

TEST_CASE("what crosses with a close is not looked at") {
  stage at;
  at.open();
  at.cut();
  at.events.clear();

  at.node(stage::page(1, 1));
  at.core.receive("\xc1", at.now);
  at.cut();

  CHECK(at.events.empty());
}

TEST_CASE("a token for somebody else stops the client") {
  stage at;
  at.open();
  at.cut();
  at.await_dial();
  at.events.clear();
  at.greet();

  at.node(
    protocol::ready{user("mallory"), *device_id::parse("phone"), {}, {}, {}});

  CHECK(at.event<stopped>().reason.code == errc::token_invalid);
}

TEST_CASE("a client stopped by its user does nothing any more") {
  stage at;
  at.open();
  at.events.clear();

  at.core.stop();

  CHECK(at.closes == 1);
  CHECK(at.events.empty());
  CHECK(at.core.next_deadline() == std::chrono::nanoseconds::max());
}

} // namespace connection_test
