#include "tests/client/stage.hpp"

#include <doctest/doctest.h>

namespace sending_test {

using namespace iris;
using namespace iris::client;
using namespace std::chrono_literals;

namespace {

/// A stage that is connected, with nothing left to look at.
struct open_stage : stage {
  explicit open_stage(options with = one_endpoint()) : stage(std::move(with)) {
    open();
    frames.clear();
    events.clear();
  }

  void reconnect() {
    cut();
    await_dial();
    frames.clear();
    open();
  }
};

conversation_id group(std::int64_t n) {
  random_source random{1};
  return group_conversation(user("alice"), make_message_id({n}, random));
}

} // namespace

TEST_CASE("a send goes out at once and is reported when it is durable") {
  open_stage at;

  auto id = at.send("hello");

  auto frame = at.take<protocol::send>();
  CHECK(frame.id == id);
  CHECK(frame.to == user("bob"));
  CHECK(frame.body == "hello");
  CHECK(!frame.after);
  CHECK(is_uuid7(id));
  CHECK(at.core.unanswered() == 1);
  at.node(at.sent(id));
  CHECK(at.event<protocol::sent>() == at.sent(id));
  CHECK(at.core.unanswered() == 0);
}

TEST_CASE("each send names the one before it while that is unanswered") {
  open_stage at;

  auto a = at.send("a");
  at.send("b");
  at.send("c");
  at.send("x", "carol");
  CHECK(at.sends() == "a b>a c>b x");

  at.node(at.sent(a));
  at.send("d");
  CHECK(at.sends() == "d>");
}

TEST_CASE("a send whose forerunners are answered names none") {
  open_stage at;
  at.node(at.sent(at.send("a")));
  at.frames.clear();

  at.send("b");

  CHECK(at.sends() == "b");
}

TEST_CASE("a user and the conversation with him are one and the same") {
  open_stage at;

  at.send("a");
  REQUIRE(
    at.core.send(direct_conversation(user("bob"), user("alice")), "b", at.now));

  CHECK(at.sends() == "a b>a");
}

TEST_CASE("sends without a connection wait for one") {
  stage at;
  at.send("a");
  at.send("x", "carol");
  at.send("b");
  CHECK(at.silent());

  at.link_up();
  CHECK(at.said() == "hello");
  at.node(protocol::welcome{});
  CHECK(at.said() == "auth");
  at.node(
    protocol::ready{user("alice"), *device_id::parse("phone"), {}, {}, {}});

  at.take<protocol::sync>();
  CHECK(at.sends() == "a x b>a");
}

TEST_CASE("what is unanswered is sent again with the same ids and order") {
  open_stage at;
  auto a = at.send("a");
  auto b = at.send("b");
  auto c = at.send("c");
  at.node(at.sent(a));
  at.frames.clear();

  at.reconnect();

  at.take<protocol::hello>();
  at.take<protocol::auth>();
  at.take<protocol::sync>();
  auto first = at.take<protocol::send>();
  auto second = at.take<protocol::send>();
  CHECK(first.id == b);
  CHECK(!first.after);
  CHECK(second.id == c);
  CHECK(second.after == b);
  CHECK(at.silent());
  at.events.clear();
  auto answer = at.sent(b, 2);
  answer.duplicate = true;
  at.node(answer);
  CHECK(at.event<protocol::sent>() == answer);
}

TEST_CASE("a full queue refuses what is new") {
  auto with = stage::one_endpoint();
  with.queued_max = 2;
  stage at{with};
  at.send("a");
  at.send("b");

  CHECK(at.core.send(user("bob"), "c", at.now).failure().code
        == errc::overloaded);

  at.open();
  CHECK(at.sends() == "a b>a");
}

TEST_CASE("a queue is full by its bytes, too") {
  auto with = stage::one_endpoint();
  with.queued_bytes_max = 10'000;
  stage at{with};
  at.send(std::string(8'000, 'x'));

  CHECK(
    at.core.send(user("bob"), std::string(2'000, 'x'), at.now).failure().code
    == errc::overloaded);
  CHECK(at.core.send(user("bob"), std::string(200, 'x'), at.now));
}

TEST_CASE("no more than the window is unanswered") {
  auto with = stage::one_endpoint();
  with.in_flight_max = 2;
  open_stage at{with};

  auto a = at.send("a");
  at.send("b");
  at.send("c");
  at.send("d");
  CHECK(at.sends() == "a b>a");

  at.node(at.sent(a));
  CHECK(at.sends() == "c>");
}

TEST_CASE("the node may make the window smaller") {
  stage at;
  at.send("a");
  at.send("b");
  at.greet({.caps = {}, .time_ms = {}, .in_flight_max = 1});
  at.node(
    protocol::ready{user("alice"), *device_id::parse("phone"), {}, {}, {}});

  CHECK(at.sends() == "a");
}

TEST_CASE("a busy node is asked again, in order, after its hint") {
  open_stage at;
  auto a = at.send("a");
  auto b = at.send("b");
  at.send("x", "carol");
  at.frames.clear();

  at.node(stage::refuse(a, errc::overloaded, 1000));
  auto wait = at.event<delayed>();
  CHECK(wait.id == a);
  CHECK(wait.why.code == errc::overloaded);
  CHECK(wait.retry_in >= 1s);
  CHECK(wait.retry_in < 1500ms);
  at.node(stage::refuse(b, errc::out_of_order));
  at.send("c");
  at.send("y", "carol");
  CHECK(at.sends() == "y>");

  at.pass(wait.retry_in);
  CHECK(at.sends() == "a b>a c>b");
  CHECK(at.events.empty());
}

TEST_CASE("without a hint waits grow until something is taken") {
  open_stage at;
  auto a = at.send("a");
  std::vector<std::chrono::nanoseconds> waits;
  for (int i = 0; i < 9; ++i) {
    at.node(stage::refuse(a, errc::unavailable));
    waits.push_back(at.event<delayed>().retry_in);
    at.frames.clear();
    at.pass(waits.back());
    CHECK(at.take<protocol::send>().id == a);
  }

  CHECK(waits.front() >= 100ms);
  CHECK(waits.front() < 150ms);
  CHECK(waits.back() >= 10s);
  CHECK(waits.back() < 15s);
  auto b = at.send("b");
  at.node(at.sent(a));
  at.event<protocol::sent>();
  at.node(stage::refuse(b, errc::unavailable));
  CHECK(at.event<delayed>().retry_in < 150ms);
}

TEST_CASE("why nothing is taken is known until something is") {
  open_stage at;
  auto a = at.send("a");
  auto b = at.send("b");
  CHECK(!at.core.refusal());

  auto full = stage::refuse(a, errc::storage_full, 5000);
  full.text = "the disk is full";
  at.node(full);
  CHECK(at.core.refusal()
        == error{errc::storage_full, "the disk is full", 5000});
  at.node(stage::refuse(b, errc::out_of_order));
  CHECK(at.core.refusal().code == errc::storage_full);
  at.pass(at.event<delayed>().retry_in);
  CHECK(at.core.refusal().code == errc::storage_full);
  at.node(at.sent(a));

  CHECK(!at.core.refusal());
  at.node(stage::refuse(b, errc::unavailable));
  CHECK(at.core.refusal().code == errc::unavailable);
  at.reconnect();
  CHECK(!at.core.refusal());
}

TEST_CASE("what is refused for good is no reason to wait") {
  open_stage at;

  at.node(stage::refuse(at.send("a"), errc::not_a_member));

  CHECK(at.event<failed>().why.code == errc::not_a_member);
  CHECK(!at.core.refusal());
}

TEST_CASE("a fault of the node is retried like a busy one") {
  open_stage at;
  auto a = at.send("a");

  at.node(stage::refuse(a, errc::internal));

  at.frames.clear();
  at.pass(at.event<delayed>().retry_in);
  CHECK(at.take<protocol::send>().id == a);
}

TEST_CASE("a conversation waits across a reconnect, too") {
  open_stage at;
  auto a = at.send("a");
  at.node(stage::refuse(a, errc::rate_limited, 30'000));
  at.reconnect();
  CHECK(at.sends().empty());

  at.pass(45s);

  CHECK(at.sends() == "a");
}

TEST_CASE("a send refused for good is reported, and those behind it go on") {
  open_stage at;
  auto a = at.send("a");
  auto b = at.send("b");
  auto c = at.send("c");
  at.frames.clear();

  at.node(stage::refuse(a, errc::not_a_member));
  at.node(stage::refuse(b, errc::out_of_order));
  at.node(stage::refuse(c, errc::out_of_order));

  CHECK(at.event<failed>()
        == failed{a, {errc::not_a_member, "expected something else"}});
  CHECK(at.events.empty());
  CHECK(at.sends() == "b c>b");
}

TEST_CASE("a send refused in the middle is bridged") {
  open_stage at;
  at.send("a");
  auto b = at.send("b");
  auto c = at.send("c");
  at.frames.clear();

  at.node(stage::refuse(b, errc::id_reused));
  at.node(stage::refuse(c, errc::out_of_order));

  auto again = at.take<protocol::send>();
  CHECK(again.id == c);
  CHECK(again.after);
  CHECK(again.after != b);
}

TEST_CASE("out of order while the one before is on its way waits for that") {
  open_stage at;
  auto a = at.send("a");
  auto b = at.send("b");
  at.frames.clear();

  at.node(stage::refuse(b, errc::out_of_order));
  CHECK(at.silent());

  SUBCASE("to be durable") {
    at.node(at.sent(a));
    CHECK(at.sends() == "b");
  }
  SUBCASE("to be sent again") {
    at.node(stage::refuse(a, errc::not_leader));
    at.pass(1s);
    CHECK(at.sends() == "a b>a");
  }
}

TEST_CASE("out of order without an `after` is a broken protocol") {
  open_stage at;
  auto a = at.send("a");

  at.node(stage::refuse(a, errc::out_of_order));

  at.event<protocol_error>();
  at.event<disconnected>();
}

TEST_CASE("an answer about another conversation is a broken protocol") {
  open_stage at;
  auto a = at.send("a", "carol");

  at.node(at.sent(a));

  at.event<protocol_error>();
}

TEST_CASE("a second answer is a broken protocol") {
  open_stage at;
  auto a = at.send("a");
  at.node(at.sent(a));
  at.event<protocol::sent>();

  at.node(at.sent(a));

  at.event<protocol_error>();
}

TEST_CASE("a node that leaves a send unanswered is given up") {
  open_stage at;
  at.send("a");
  for (int i = 0; i < 29; ++i) {
    at.pass(1s);
    at.node(protocol::ping{1});
  }
  CHECK(at.events.empty());

  at.pass(1s);

  CHECK(at.event<disconnected>().reason.code == errc::timed_out);
}

TEST_CASE("changes of a group keep their place among its sends") {
  open_stage at;
  auto club = group(1);
  auto say = [&](const std::string& what) {
    return *at.core.send(club, what, at.now);
  };
  auto answer = [&](const message_id& id) {
    at.node(protocol::sent{id, club, {1}, {}, false});
  };

  auto a = say("a");
  auto add = *at.core.add(club, {user("carol")}, at.now);
  auto b = say("b");
  CHECK(at.said() == "send");

  answer(a);
  CHECK(at.take<protocol::group_add>()
        == protocol::group_add{add, club, {user("carol")}});
  auto frame = at.take<protocol::send>();
  CHECK(frame.id == b);
  CHECK(frame.after == add);
}

TEST_CASE("a group is made, changed and left by submissions") {
  open_stage at;

  auto id = *at.core.create_group("Chess", {user("bob")}, at.now);
  CHECK(at.take<protocol::group_create>()
        == protocol::group_create{id, "Chess", {user("bob")}});
  auto club = group_conversation(user("alice"), id);
  at.node(protocol::sent{id, club, {1}, {}, false});
  CHECK(at.event<protocol::sent>().conversation == club);

  auto remove = *at.core.remove(club, {user("bob")}, at.now);
  CHECK(at.take<protocol::group_remove>()
        == protocol::group_remove{remove, club, {user("bob")}});
  at.node(protocol::sent{remove, club, {2}, {}, false});
  auto leave = *at.core.leave(club, at.now);
  CHECK(at.take<protocol::group_leave>() == protocol::group_leave{leave, club});
}

TEST_CASE("what the node would refuse is refused at once") {
  open_stage at;

  CHECK(
    at.core.send(user("bob"), std::string(65'537, 'x'), at.now).failure().code
    == errc::body_too_large);
  protocol::send both;
  both.to = user("bob");
  both.conversation = group(1);
  CHECK(at.core.send(both, at.now).failure().code == errc::bad_field);
  CHECK(at.core.send(protocol::send{}, at.now).failure().code
        == errc::bad_field);
  CHECK(at.core.create_group("\xff", {}, at.now).failure().code
        == errc::bad_field);
  CHECK(at.core.add(group(1), {}, at.now).failure().code == errc::bad_field);

  CHECK(at.silent());
  CHECK(at.core.unanswered() == 0);
}

TEST_CASE("a node with smaller frames is not sent larger ones") {
  stage at;
  auto large = at.send(std::string(20'000, 'x'));
  at.send("small");
  at.greet({.caps = {}, .time_ms = {}, .frame_max = 10'000});
  at.node(
    protocol::ready{user("alice"), *device_id::parse("phone"), {}, {}, {}});

  auto event = at.event<failed>();
  CHECK(event.id == large);
  CHECK(event.why.code == errc::frame_too_large);
  CHECK(at.sends() == "small");
  CHECK(
    at.core.send(user("bob"), std::string(20'000, 'x'), at.now).failure().code
    == errc::frame_too_large);
}

TEST_CASE("ids have the node's time and grow") {
  stage at;
  at.greet({.caps = {}, .time_ms = {1'800'000'000'000}});
  at.node(
    protocol::ready{user("alice"), *device_id::parse("phone"), {}, {}, {}});
  at.pass(5s);

  message_id last{};
  for (int i = 0; i < 100; ++i) {
    auto id = at.send("x");
    CHECK(is_uuid7(id));
    CHECK(id > last);
    last = id;
  }
  CHECK(time_of(last) == timestamp{1'800'000'005'000});
}

TEST_CASE("a conversation may wait although nothing of it is left") {
  open_stage at;
  auto large = at.send(std::string(20'000, 'x'));
  at.node(stage::refuse(large, errc::overloaded, 30'000));
  at.cut();
  at.await_dial();
  at.greet({.caps = {}, .time_ms = {}, .frame_max = 10'000});
  at.node(
    protocol::ready{user("alice"), *device_id::parse("phone"), {}, {}, {}});
  CHECK(at.core.unanswered() == 0);
  at.frames.clear();

  at.send("b");
  for (int i = 0; i < 45; ++i) {
    at.node(protocol::ping{1});
    at.pass(1s);
  }

  CHECK(at.sends() == "b");
}

} // namespace sending_test
