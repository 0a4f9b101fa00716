#include "tests/sim/fixture.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace node_test {

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

TEST_CASE("live comes behind all that was there when the sync came") {
  one_node a{1};
  raw_client alice{a.here, a.node}, bob{a.here, a.node};
  alice.log_in("alice", "phone", {});
  bob.log_in("bob", "phone", {});
  for (int i = 0; i < 5; ++i) {
    alice.send(protocol::send{a.new_id(), user("bob"), {}, "hello", {}, {}});
    alice.take<protocol::sent>();
  }
  a.here.run(1s);

  // Both at the end and in the middle of what it was sent before.
  for (std::uint64_t from : {0, 5, 5, 2}) {
    CAPTURE(from);
    bob.send(protocol::sync{{from}, 2});
    for (auto upto = from; upto < 5;) {
      auto page = bob.take<protocol::items>();
      REQUIRE(page.first.value == upto + 1);
      upto += page.list.size();
      if (upto < 5)
        CHECK(bob.frames().empty());
      bob.send(protocol::ack{{upto}});
    }
    CHECK(bob.take<protocol::live>().head == inbox_offset{5});
  }
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

TEST_CASE("a message can be followed through the log, but not read there") {
  one_node a{1};
  a.node.log_level(observability::log_level::debug);
  raw_client alice{a.here, a.node}, bob{a.here, a.node};
  alice.log_in("alice", "phone");
  bob.log_in("bob", "phone");
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  auto id = a.new_id(), stray = a.new_id();
  auto nowhere = group_conversation(user("alice"), stray);

  alice.send(protocol::send{id, user("bob"), {}, "secret body", {}, trace});
  alice.take<protocol::sent>();
  bob.take<protocol::items>();
  alice.take<protocol::items>();
  alice.send(protocol::send{id, user("bob"), {}, "secret body", {}, trace});
  alice.take<protocol::sent>();
  alice.send(protocol::send{stray, {}, nowhere, "secret body", {}, trace});
  alice.take<protocol::failed>();

  auto told = [&](const message_id& about) {
    std::vector<std::string> out;
    for (const auto& line : a.node.log_lines().lines()) {
      CHECK(line.find("secret body") == line.npos);
      auto parsed = nlohmann::json::parse(line);
      if (parsed.value("msg", "") != about.str())
        continue;
      CHECK(parsed["trace"] == trace);
      CHECK(parsed["level"] == "debug");
      auto text = parsed["text"].get<std::string>();
      for (const char* field : {"user", "sequence", "duplicate", "code"})
        if (parsed.contains(field))
          text += ' ' + parsed[field].dump();
      out.push_back(std::move(text));
    }
    return out;
  };
  auto lines = told(id);
  // Both inboxes are on their way at the same time as the answer.
  std::sort(lines.begin(), lines.end());
  CHECK(lines
        == std::vector<std::string>{
          R"(message acknowledged "alice" 1 false)",
          R"(message acknowledged "alice" 1 true)", "message committed 1 false",
          "message committed 1 true", R"(message taken for an inbox "alice" 1)",
          R"(message taken for an inbox "bob" 1)"});
  CHECK(
    told(stray)
    == std::vector<std::string>{R"(message refused "alice" "not_a_member")"});
}

TEST_CASE("below debug a message leaves no line") {
  one_node a{1};
  raw_client alice{a.here, a.node};
  alice.log_in("alice", "phone");

  alice.send(protocol::send{a.new_id(), user("bob"), {}, "hello", {}, {}});
  alice.take<protocol::sent>();

  CHECK(a.node.log_lines().lines() == std::vector<std::string>{});
}

TEST_CASE("a refused login is in the log, and its token is not") {
  one_node a{1};
  a.node.log_level(observability::log_level::debug);
  raw_client mallory{a.here, a.node};
  mallory.connect();
  mallory.send(protocol::hello{});
  mallory.send(protocol::auth{"forged token", *device_id::parse("phone")});
  mallory.wait_closed();

  std::size_t told = 0;
  for (const auto& line : a.node.log_lines().lines()) {
    CHECK(line.find("forged token") == line.npos);
    auto parsed = nlohmann::json::parse(line);
    if (parsed["text"] == "connection refused") {
      ++told;
      CHECK(parsed["code"] == "token_invalid");
    }
  }
  CHECK(told == 1);
}

} // namespace node_test
