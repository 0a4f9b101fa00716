#include "tests/sim/fixture.hpp"

#include <doctest/doctest.h>

using namespace iris;
using namespace iris::sim;
using namespace std::chrono_literals;

TEST_CASE("a message reaches the other user's inbox") {
  one_node a{1};
  raw_client alice{a.here, a.node}, bob{a.here, a.node};
  alice.log_in("alice", "phone");
  bob.log_in("bob", "phone");

  auto id = a.new_id();
  alice.send(protocol::send{id, user("bob"), {}, "hello bob", {}, {}});

  auto sent = alice.take<protocol::sent>();
  CHECK(sent.id == id);
  CHECK(sent.seq == sequence{1});
  CHECK_FALSE(sent.duplicate);
  auto page = bob.take<protocol::items>();
  CHECK(page.first == inbox_offset{1});
  REQUIRE(page.list.size() == 1);
  CHECK(page.list[0].id == id);
  CHECK(page.list[0].body == "hello bob");
  CHECK(page.list[0].from == user("alice"));
  CHECK(page.list[0].seq == sequence{1});
  CHECK(alice.take<protocol::items>().list == page.list);
}

TEST_CASE("an acknowledged message survives a power cut") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    one_node a{seed};
    raw_client alice{a.here, a.node};
    alice.log_in("alice", "phone");
    auto id = a.new_id();
    protocol::send message{id, user("bob"), {}, "remember me", {}, {}};
    alice.send(message);
    auto first = alice.take<protocol::sent>();

    a.node.crash();
    REQUIRE(a.node.start());

    raw_client bob{a.here, a.node};
    a.here.run(1s);
    bob.log_in("bob", "phone");
    auto page = bob.take<protocol::items>();
    REQUIRE(page.list.size() == 1);
    CHECK(page.list[0].body == "remember me");
    alice.log_in("alice", "phone");
    alice.send(message);
    auto again = alice.take<protocol::sent>();
    CHECK(again.duplicate);
    CHECK(again.seq == first.seq);
    CHECK(again.at == first.at);
  }
}
