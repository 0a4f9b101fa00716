#include "cluster/beats.hpp"

#include "tests/hand_executor.hpp"

#include <doctest/doctest.h>
#include <string>

namespace beats_test {

using namespace iris;
using namespace iris::cluster;
using namespace std::chrono_literals;
using iris::test::hand_executor;

namespace {

/// Takes down for whom each frame is, and which shards speak in it.
struct recorder final : network {
  bool send(node_id to, lane by, std::string frame) override {
    CHECK(by == lane::consensus);
    sent += "to " + std::to_string(to.value) + ":";
    auto read =
      shard_mail::read({1}, frame, [&](shard_id of, const raft::message&) {
        sent += " " + std::to_string(of.value);
      });
    CHECK(read);
    sent += "; ";
    return true;
  }

  std::string sent;
};

struct two_threads {
  two_threads() {
    mail.on_link({2}, true);
    mail.on_link({3}, true);
  }

  void say(shard_id from, node_id to, pace how, hand_executor& on) {
    raft::message what;
    what.what = raft::message::kind::append;
    what.peer = to;
    what.term = 1;
    mail.send(from, what, how, on);
  }

  recorder net;
  shard_mail mail{&net};
  hand_executor one, other;
};

} // namespace

TEST_CASE("what lingers on all threads leaves as one frame for each peer") {
  two_threads a;
  for (node_id to : {node_id{2}, node_id{3}}) {
    a.say({1}, to, pace::lingering, a.one);
    a.say({2}, to, pace::lingering, a.other);
    a.say({3}, to, pace::lingering, a.one);
  }
  CHECK_FALSE(a.one.run());
  CHECK_FALSE(a.other.run());

  a.one.pass_time();
  a.one.run();
  CHECK(a.net.sent == "to 2: 1 2 3; to 3: 1 2 3; ");
  CHECK_FALSE(a.other.pass_time());

  // And the next.
  a.net.sent.clear();
  a.say({2}, {2}, pace::lingering, a.other);
  a.other.pass_time();
  a.other.run();
  CHECK(a.net.sent == "to 2: 2; ");
}

TEST_CASE("what can't wait takes along what lingers, and not the other way") {
  two_threads a;
  a.say({1}, {2}, pace::lingering, a.one);
  a.say({2}, {2}, pace::soon, a.one);
  a.say({3}, {2}, pace::soon, a.one);
  a.one.run();
  CHECK(a.net.sent == "to 2: 1 2 3; ");

  a.say({4}, {2}, pace::soon, a.one);
  a.one.run();
  CHECK(a.net.sent == "to 2: 1 2 3; to 2: 4; ");
}

TEST_CASE("nobody waits for a beat, but for entries and votes") {
  raft::message x;
  x.what = raft::message::kind::append;
  CHECK(pace_of(x) == pace::lingering);
  x.entries.emplace_back();
  CHECK(pace_of(x) == pace::soon);
  x.entries.clear();
  x.what = raft::message::kind::vote;
  CHECK(pace_of(x) == pace::soon);
}

TEST_CASE("leaders beat at common moments, and elections are punctual") {
  static_assert(between_moments(150ms) == 200ms);
  auto look = [](auto now, auto due, bool leads) {
    return next_look(now, due, leads, 200ms);
  };
  CHECK(look(610ms, 760ms, true) == 800ms);
  CHECK(look(649ms, 799ms, true) == 800ms);
  CHECK(look(650ms, 800ms, true) == 800ms);
  CHECK(look(651ms, 801ms, true) == 1000ms);

  CHECK(look(610ms, 1790ms, false) == 1600ms);
  CHECK(look(1600ms, 1790ms, false) == 1790ms);
  CHECK(look(1600ms, 2100ms, false) == 2000ms);
  CHECK(look(610ms, 1800ms, false) == 1800ms);
}

} // namespace beats_test
