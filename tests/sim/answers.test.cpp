// What actors tell while what it is about may still be lost.
#include "tests/sim/lone_host.hpp"

#include <algorithm>

namespace answers_test {

using namespace iris;
using namespace iris::actors;
using namespace iris::actors::test;
using namespace iris::sim;
using protocol::item_kind;

namespace {

/// Nothing of what a disk is told meanwhile becomes durable.
constexpr auto stall = 5s;

errc refused(const answered& what) {
  const auto* why = std::get_if<protocol::failed>(&what.answer);
  REQUIRE(why);
  return why->code;
}

std::vector<std::string> names(const answered& what) {
  const auto* found = std::get_if<protocol::members>(&what.answer);
  REQUIRE(found);
  std::vector<std::string> out;
  for (const auto& x : found->list)
    out.push_back(x.user.str());
  return out;
}

} // namespace

TEST_CASE("a change of members is told of once it is durable") {
  lone_host<fan_out> a;
  std::vector<answered> heard;
  auto asking = a.listener(heard);
  auto group = a.found_group(a.alice, {a.bob});
  REQUIRE(a.answers.size() == 1);
  a.log_thread.stall(stall);

  a.change(group, a.alice, item_kind::members_removed, {a.bob});
  a.tell(read_roster{a.alice, group, 1, asking});
  a.tell(read_history{a.bob, group, {}, 2, asking});
  a.tell(read_roster{a.bob, group, 3, asking});
  a.here.run(1s);
  CHECK(heard.empty());
  a.here.run(stall);

  REQUIRE(heard.size() == 3);
  CHECK(heard[0].tag == 1);
  CHECK((names(heard[0]) == std::vector{a.alice.str()}));
  CHECK(std::get<protocol::members>(heard[0].answer).head == sequence{2});
  CHECK(heard[1].tag == 2);
  CHECK(refused(heard[1]) == errc::not_a_member);
  CHECK(heard[2].tag == 3);
  CHECK(refused(heard[2]) == errc::not_a_member);
}

TEST_CASE("a history ends at what was decided before it was asked for") {
  lone_host<fan_out> a;
  std::vector<answered> heard;
  auto asking = a.listener(heard);
  a.submit_one(a.new_submission(10));
  a.here.run(enough);
  a.log_thread.stall(stall);

  a.submit_one(a.new_submission(10));
  protocol::history ask;
  ask.conversation = a.conversation;
  ask.limit = 10;
  a.tell(read_history{a.alice, a.conversation, ask, 1, asking});
  a.submit_one(a.new_submission(10));
  a.here.run(1s);
  CHECK(heard.empty());
  a.here.run(stall);

  REQUIRE(heard.size() == 1);
  CHECK(std::get<protocol::history_page>(heard[0].answer).head == sequence{2});
  CHECK(heard[0].items.size() == 2);
  CHECK((a.bodies(ref_of(a.conversation), record::log, 3).size() == 3));
}

TEST_CASE("a device is told of once it is durable") {
  lone_host<fan_out> a;
  std::vector<answered> heard;
  auto asking = a.listener(heard);
  auto carol = a.named("carol", {0});
  a.log_thread.stall(stall);

  a.tell(open_inbox{carol, a.laptop, a.client});
  a.tell(list_devices{carol, 1, asking});
  a.tell(remove_device{carol, a.laptop, 2, asking});
  a.tell(remove_device{carol, a.laptop, 3, asking});
  a.tell(list_devices{carol, 4, asking});
  a.here.run(1s);
  CHECK(heard.empty());
  a.here.run(stall);

  REQUIRE(heard.size() == 4);
  auto devices = [](const answered& what) {
    return std::get<protocol::device_list>(what.answer).list.size();
  };
  for (std::size_t i = 0; i < heard.size(); ++i)
    CHECK(heard[i].tag == i + 1);
  CHECK(devices(heard[0]) == 1);
  CHECK(std::holds_alternative<protocol::done>(heard[1].answer));
  CHECK(refused(heard[2]) == errc::not_found);
  CHECK(devices(heard[3]) == 0);
}

TEST_CASE("of two connections of a device the one that was opened last stays") {
  lone_host<fan_out> a;
  std::vector<cut_off> cut;
  std::vector<attached> heard;
  auto older = a.listener(heard);
  auto newer = a.listener(cut);
  auto carol = a.named("carol", {0});

  // They are on other threads, where anything may come first.
  a.tell(open_inbox{carol, a.laptop, newer, {{1}, newer->id()}});
  a.here.run(enough);
  a.tell(open_inbox{carol, a.laptop, older, {{1}, older->id()}});
  a.here.run(enough);

  CHECK(cut.empty());
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].refused.code == errc::replaced);
  // It leaves nothing behind when it goes.
  a.tell(close_inbox{carol, older->id()});
  std::vector<answered> answers;
  a.tell(list_devices{carol, 1, a.listener(answers)});
  a.here.run(enough);
  REQUIRE(answers.size() == 1);
  const auto& list = std::get<protocol::device_list>(answers[0].answer).list;
  REQUIRE(list.size() == 1);
  CHECK(list[0].online);
}

TEST_CASE("who opened a device first stays the older one for the next leader") {
  lone_host<fan_out> a;
  std::vector<attached> first, second;
  auto older = a.listener(first);
  auto newer = a.listener(second);
  auto carol = a.named("carol", {0});
  a.tell(open_inbox{carol, a.laptop, older, {{1}, 9}});
  a.here.run(enough);
  a.tell(open_inbox{carol, a.laptop, newer, {{2}, 5}});
  a.here.run(enough);
  REQUIRE(first.size() == 1);
  REQUIRE(second.size() == 1);
  CHECK(second[0].rank > first[0].rank);

  // Whichever of them is there first.
  for (auto older_first : {false, true}) {
    a.restart_host();
    a.await_leader();
    open_inbox one{carol, a.laptop, older, {{1}, 9, first[0].rank}};
    open_inbox other{carol, a.laptop, newer, {{2}, 5, second[0].rank}};
    a.tell(older_first ? one : other);
    a.here.run(enough);
    a.tell(older_first ? other : one);
    a.here.run(enough);

    CHECK_FALSE(second.back().refused);
    CHECK(second.back().rank == second[0].rank);
    CHECK(first.back().refused.code
          == (older_first ? errc::none : errc::replaced));
  }
  CHECK(second.size() == 3);
  CHECK(first.size() == 3);
}

TEST_CASE("who may be the newer connection of a device is not told otherwise") {
  for (auto sure : {false, true}) {
    lone_host<fan_out> a;
    std::vector<cut_off> cut;
    std::vector<attached> heard;
    auto there = a.listener(cut);
    auto comes = a.listener(heard);
    auto carol = a.named("carol", {0});
    a.tell(open_inbox{carol, a.laptop, there, {{1}, 9}});
    a.here.run(3s);
    // It waits at its node for so long; the other is open for three seconds.
    auto waited = sure ? 900U : 1100U;
    a.tell(open_inbox{carol, a.laptop, comes, {{2}, 5, 0, waited}});
    a.here.run(enough);

    REQUIRE(heard.size() == 1);
    CHECK_FALSE(heard[0].refused);
    REQUIRE(cut.size() == 1);
    CHECK(cut[0].why.code == (sure ? errc::replaced : errc::unavailable));
  }
}

TEST_CASE("who comes while its device is being removed is a new device") {
  lone_host<fan_out> a;
  std::vector<cut_off> before, after;
  std::vector<answered> heard;
  auto older = a.listener(before);
  auto newer = a.listener(after);
  auto asking = a.listener(heard);
  auto carol = a.named("carol", {0});
  a.tell(open_inbox{carol, a.laptop, older});
  a.here.run(enough);
  a.log_thread.stall(stall);

  a.tell(remove_device{carol, a.laptop, 1, asking});
  a.tell(open_inbox{carol, a.laptop, newer});
  a.here.run(stall + enough);

  REQUIRE(before.size() == 1);
  CHECK(before[0].why.code == errc::replaced);
  CHECK(after.empty());
  a.tell(list_devices{carol, 2, asking});
  a.here.run(enough);
  REQUIRE(heard.size() == 2);
  const auto& list = std::get<protocol::device_list>(heard[1].answer).list;
  REQUIRE(list.size() == 1);
  CHECK(list[0].name == a.laptop);
  CHECK(list[0].online);
}

} // namespace answers_test
