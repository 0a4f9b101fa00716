#include "tests/actors/session_harness.hpp"

namespace session_time_test {

using namespace iris;
using namespace iris::actors;
using namespace iris::actors::test;
using namespace std::chrono_literals;

namespace {

/// Whether a session in `state` that is left alone ends after exactly `time`.
void check_ends_after(session_state state, std::chrono::nanoseconds time,
                      const std::string& last_words) {
  CAPTURE(to_string(state));
  session_harness it{state};
  auto end = it.now + time;
  while (it.it->next_deadline() < end) {
    REQUIRE(it.it->next_deadline() > it.now);
    it.pass(it.it->next_deadline() - it.now);
    it.tick();
    REQUIRE_FALSE(it.closed);
  }
  it.pass(end - 1ns - it.now);
  it.tick();
  CHECK_FALSE(it.closed);
  it.take();
  CHECK(it.it->next_deadline() == end);

  it.pass(1ns);
  it.tick();

  CHECK(it.take() == lines{last_words, "close"});
}

} // namespace

TEST_CASE("each step of the handshake has its time") {
  for (auto state : {session_state::connected, session_state::negotiated})
    check_ends_after(state, 10s, "error timed_out fatal");
  check_ends_after(session_state::attaching, 10s,
                   "error unavailable in 1000 fatal");
}

TEST_CASE("a step of the handshake counts from its own beginning") {
  session_harness it;
  it.pass(9s);
  it.receive(protocol::hello{});
  it.take();

  it.pass(9s);
  it.tick();
  CHECK(it.take().empty());
  it.receive(protocol::ping{1}); // Noise is no progress.
  it.take();
  it.pass(1s);
  it.tick();

  CHECK(it.take() == lines{"error timed_out fatal", "close"});
}

TEST_CASE("a silent connection is gone after the idle time-out") {
  for (auto state : {session_state::authenticated, session_state::syncing,
                     session_state::live})
    check_ends_after(state, 60s, "error timed_out fatal");
}

TEST_CASE("anything that is received keeps a connection") {
  session_harness it{session_state::live};
  for (int i = 0; i < 5; ++i) {
    it.pass(60s - 1ns);
    it.tick();
    protocol::failed unreadable;
    if (i % 2 == 0)
      it.receive(protocol::pong{});
    else
      it.it->refuse(unreadable, it.now);
  }

  CHECK_FALSE(it.closed);
}

TEST_CASE("a node that has nothing to say sends a heartbeat") {
  session_harness it{session_state::live};
  CHECK(it.it->next_deadline() == it.now + 25s);

  it.pass(25s - 1ns);
  it.tick();
  CHECK(it.take().empty());
  it.pass(1ns);
  it.tick();

  CHECK(it.take() == lines{"ping"});
  CHECK(it.it->next_deadline() == it.now + 25s);
}

TEST_CASE("what is said anyway stands for a heartbeat") {
  session_harness it{session_state::live};
  it.pass(20s);
  it.receive(protocol::ping{1});
  it.take();

  it.pass(20s);
  it.tick();
  CHECK(it.take().empty());
  it.pass(5s);
  it.tick();

  CHECK(it.take() == lines{"ping"});
}

TEST_CASE("a connection lives as long as its token") {
  session_harness it{session_state::live};
  auto expires = it.wall.ms + 3'600'000;
  while (it.wall.ms < expires - 1) {
    it.receive(protocol::pong{});
    it.pass(std::min<std::chrono::milliseconds>(
      20s, std::chrono::milliseconds{expires - 1 - it.wall.ms}));
    it.tick();
  }
  it.take();
  CHECK_FALSE(it.closed);
  CHECK(it.it->next_deadline() == it.now + 1ms);

  it.pass(1ms);
  it.tick();

  CHECK(it.take() == lines{"error token_expired fatal", "close"});
}

TEST_CASE("a token that never expires is no deadline") {
  session_harness it{session_state::negotiated};
  it.options.verify = [](auto, auto) -> result<credentials> {
    return credentials{
      user("alice"), {}, {std::numeric_limits<std::int64_t>::max()}};
  };

  it.receive(protocol::auth{"any", device("phone")});

  CHECK(it.it->next_deadline() == it.now + 10s);
}

TEST_CASE("a submission without an answer fails by each of its ids") {
  session_harness it{session_state::live};
  it.receive({send_to("a", "bob"), send_to("b", "bob")});
  it.pass(1s);
  it.receive({protocol::devices{70}, send_to("c", "carol")});
  it.take();
  CHECK(it.it->next_deadline() == it.now + 9s);

  it.pass(9s - 1ns);
  it.tick();
  CHECK(it.take().empty());
  it.pass(1ns);
  it.tick();
  CHECK(it.take()
        == lines{"error deadline_exceeded id a in 1000",
                 "error deadline_exceeded id b in 1000"});
  CHECK(it.it->in_flight() == 2);
  it.pass(1s);
  it.tick();

  CHECK(it.take()
        == lines{"error deadline_exceeded n 70 in 1000",
                 "error deadline_exceeded id c in 1000"});
  CHECK(it.it->in_flight() == 0);
}

TEST_CASE("an answer that comes too late is dropped") {
  session_harness it{session_state::live};
  it.receive({send_to("a", "bob"), protocol::status{7, {user("bob")}}});
  it.pass(10s);
  it.tick();
  CHECK(it.take().size() == 4);

  for (auto tag : it.tags)
    it.answered(tag, {sent("a")});
  it.it->status_answered(it.tags[0], {user("bob"), true, {}});

  CHECK(it.take().empty());
  CHECK(it.it->in_flight() == 0);
}

TEST_CASE("a stopping node waits for answers no longer than it promised") {
  session_harness it{session_state::live};
  it.receive(send_to("a", "bob"));
  it.it->drain("stop", 1000);
  it.take();

  it.pass(10s);
  it.tick();

  CHECK(it.take() == lines{"error deadline_exceeded id a in 1000", "close"});
}

TEST_CASE("a tick always moves the deadline, whatever the options") {
  for (auto state : {session_state::connected, session_state::negotiated,
                     session_state::attaching, session_state::authenticated,
                     session_state::syncing, session_state::live}) {
    CAPTURE(to_string(state));
    session_harness it{state};
    it.options.handshake_timeout = 3s;
    it.options.request_timeout = 40s;
    it.options.heartbeat = 7s;
    if (state == session_state::live) {
      it.receive(protocol::devices{1});
      it.it->drain("stop", 1000);
    }
    it.tick();
    int ticks = 0;
    for (; ticks < 100 && !it.closed; ++ticks) {
      REQUIRE(it.it->next_deadline() > it.now);
      it.pass(it.it->next_deadline() - it.now);
      it.tick();
    }
    CHECK(it.closed);
    CHECK(ticks < 12);
  }
}

} // namespace session_time_test
