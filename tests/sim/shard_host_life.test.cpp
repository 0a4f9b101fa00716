// Whom a shard keeps in memory, and for how long.
#include "tests/sim/lone_host.hpp"

#include <algorithm>
#include <set>

namespace shard_host_life_test {

using namespace iris;
using namespace iris::actors;
using namespace iris::actors::test;
using namespace iris::sim;
using namespace std::chrono_literals;

TEST_CASE("who asks about users wakes none") {
  lone_host<fanned_out> a;
  std::vector<answered> heard;
  auto asking = a.listener(heard);
  auto carol = a.named("carol", {0});
  auto ask = [&](const user_id& about) {
    a.tell(read_statuses{{about}, 7, asking});
    REQUIRE(a.here.run(enough, [&] { return !heard.empty(); }));
    auto out = std::get<protocol::user_status>(heard.at(0).answer);
    CHECK(heard.at(0).tag == 7);
    CHECK(out.user == about);
    heard.clear();
    return out;
  };

  for (int i = 0; i < 100; ++i) {
    auto found = ask(user("nobody-" + std::to_string(i)));
    CHECK_FALSE(found.online);
    CHECK(found.seen.ms == 0);
  }
  CHECK(a.metrics.users_active.value() == 0);

  a.tell(open_inbox{carol, a.laptop, a.client});
  CHECK(ask(carol).online);
  auto left = a.here.wall_now();
  a.tell(close_inbox{carol, a.client.id()});
  CHECK_FALSE(ask(carol).online);
  // When it is put to rest, the store knows as much.
  REQUIRE(
    a.here.run(2min, [&] { return a.metrics.users_active.value() == 0; }));
  auto found = ask(carol);
  CHECK_FALSE(found.online);
  CHECK(found.seen >= left);
  CHECK(found.seen.ms <= left.ms + 1000);
  CHECK(a.metrics.users_active.value() == 0);
}

TEST_CASE("made-up conversations take no memory") {
  lone_host<fanned_out> a;
  std::vector<answered> heard;
  auto asking = a.listener(heard);
  auto made_up = [&] {
    return group_conversation(
      a.alice, make_message_id(a.here.wall_now(), a.here.random()));
  };
  auto message = a.new_submission(10);
  message.to.reset();

  a.tell(read_history{a.alice, made_up(), {}, 1, asking});
  a.tell(read_roster{a.alice, made_up(), 2, asking});
  a.tell(submit{made_up(), {a.alice, a.laptop}, {message}, 3, a.client});
  REQUIRE(a.here.run(
    enough, [&] { return heard.size() == 2 && a.answers.size() == 1; }));
  a.here.run(moment);

  for (const auto& x : heard)
    CHECK(std::get<protocol::failed>(x.answer).code == errc::not_a_member);
  CHECK(std::get<protocol::failed>(a.answers[0].answers.at(0)).code
        == errc::not_a_member);
  CHECK(a.metrics.conversations_active.value() == 0);
}

TEST_CASE("whom a sweep wakes rests again at once") {
  lone_host<fanned_out> a;
  auto carol = a.named("carol", {0});
  a.tell(a.fan_out_of(a.elsewhere_too(), 1, "one", carol));
  REQUIRE(a.here.run(enough, [&] { return a.elsewhere.size() == 1; }));
  REQUIRE(
    a.here.run(2min, [&] { return a.metrics.users_active.value() == 0; }));

  a.tell(awaken{{ref_of(carol)}, {}});
  CHECK(a.metrics.users_active.value() == 1);

  // By the next look at who rests.
  a.here.run(6s);
  CHECK(a.metrics.users_active.value() == 0);
}

TEST_CASE("who once had a full mailbox rests like the others") {
  lone_host<fanned_out> a;
  a.env.mailbox_max = 4;
  std::vector<answered> heard;
  auto asking = a.listener(heard);
  auto carol = a.named("carol", {0});
  a.tell(open_inbox{carol, a.laptop, a.client});

  for (std::size_t i = 0; i < 20; ++i)
    caf::anon_send(a.host, list_devices{carol, i, asking});
  a.here.run(enough);

  REQUIRE(heard.size() == 20);
  std::set<std::uint64_t> refused, answers;
  for (const auto& x : heard)
    (std::holds_alternative<protocol::failed>(x.answer) ? refused : answers)
      .insert(x.tag);
  CHECK((answers == std::set<std::uint64_t>{0, 1, 2, 3}));
  CHECK(refused.size() == 16);
  a.tell(close_inbox{carol, a.client.id()});
  a.here.run(2min);
  CHECK(a.metrics.users_active.value() == 0);
}

TEST_CASE("who leaves a user that waits for the store is not forgotten") {
  lone_host<fanned_out> a;
  std::vector<answered> heard;
  auto asking = a.listener(heard);
  auto carol = a.named("carol", {0});
  a.tell(open_inbox{carol, a.laptop, a.client});
  a.here.run(enough);

  // The user looks this conversation up, while more comes than it holds back.
  caf::anon_send(a.host, a.fan_out_of(a.elsewhere_too(), 1, "one", carol));
  for (std::size_t i = 0; i < parked_max + 100; ++i)
    caf::anon_send(a.host, read_statuses{{carol}, i, asking});
  caf::anon_send(a.host, close_inbox{carol, a.client.id()});
  a.here.run(enough);

  REQUIRE(heard.size() == parked_max + 100);
  auto refused = std::count_if(heard.begin(), heard.end(), [](const auto& x) {
    return std::holds_alternative<protocol::failed>(x.answer);
  });
  CHECK(refused >= 100);
  heard.clear();
  a.tell(read_statuses{{carol}, 1, asking});
  a.here.run(enough);
  REQUIRE(heard.size() == 1);
  CHECK_FALSE(std::get<protocol::user_status>(heard[0].answer).online);
}

TEST_CASE("who leaves while the shard starts is not forgotten") {
  lone_host<fanned_out> a;
  std::vector<answered> heard;
  auto asking = a.listener(heard);
  auto carol = a.named("carol", {0});
  a.env.mailbox_max = 4;
  a.restart_host();

  caf::anon_send(a.host, open_inbox{carol, a.laptop, a.client});
  for (std::size_t i = 0; i < 10; ++i)
    caf::anon_send(a.host, list_devices{carol, i, asking});
  caf::anon_send(a.host, close_inbox{carol, a.client.id()});
  a.await_leader();
  a.here.run(enough);

  // Three were held behind the first.
  std::set<std::uint64_t> refused;
  for (const auto& x : heard)
    if (std::holds_alternative<protocol::failed>(x.answer))
      refused.insert(x.tag);
  CHECK(heard.size() == 10);
  CHECK((refused == std::set<std::uint64_t>{3, 4, 5, 6, 7, 8, 9}));
  heard.clear();
  a.tell(read_statuses{{carol}, 1, asking});
  a.here.run(enough);
  REQUIRE(heard.size() == 1);
  CHECK_FALSE(std::get<protocol::user_status>(heard[0].answer).online);
}

TEST_CASE("who waits for a leader is told when the replica ends") {
  lone_host<fanned_out> a;
  std::vector<answered> heard;
  auto asking = a.listener(heard);
  a.restart_host();

  a.tell(list_devices{a.named("carol", {0}), 7, asking});
  CHECK(heard.empty());
  caf::anon_send_exit(a.host, caf::exit_reason::user_shutdown);
  a.here.run(enough);

  REQUIRE(heard.size() == 1);
  CHECK(heard[0].tag == 7);
  CHECK(std::get<protocol::failed>(heard[0].answer).code == errc::unavailable);
}

TEST_CASE("a reader whose user waits for the store is not refused") {
  lone_host<fanned_out> a;
  std::vector<inbox_page> pages;
  std::vector<answered> heard;
  auto reading = a.listener(pages);
  auto asking = a.listener(heard);
  auto carol = a.named("carol", {0});
  a.tell(open_inbox{carol, a.laptop, reading});
  a.here.run(enough);

  // The user looks this conversation up, and holds back all that it may.
  a.readers.stall(5s);
  a.tell(a.fan_out_of(a.elsewhere_too(), 1, "one", carol));
  for (std::size_t i = 0; i < parked_max + 1; ++i)
    a.tell(list_devices{carol, i, asking});
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].tag == parked_max);
  CHECK(std::get<protocol::failed>(heard[0].answer).code == errc::overloaded);
  a.tell(read_inbox{carol, reading, {0}, 10});
  a.here.run(5s + enough);

  REQUIRE(pages.size() == 1);
  CHECK(pages[0].first == inbox_offset{1});
  REQUIRE(pages[0].items.size() == 1);
  CHECK(protocol::decode_item(*pages[0].items[0])->body == "one");
}

TEST_CASE("a reader whose user has a full mailbox is not refused") {
  lone_host<fanned_out> a;
  a.env.mailbox_max = 1;
  std::vector<inbox_page> pages;
  std::vector<answered> heard;
  auto reading = a.listener(pages);
  auto asking = a.listener(heard);
  auto carol = a.named("carol", {0});
  a.tell(open_inbox{carol, a.laptop, reading});
  a.tell(a.fan_out_of(a.elsewhere_too(), 1, "one", carol));
  a.here.run(enough);

  for (std::size_t i = 0; i < 3; ++i)
    caf::anon_send(a.host, list_devices{carol, i, asking});
  caf::anon_send(a.host, read_inbox{carol, reading, {0}, 10});
  a.here.run(enough);

  REQUIRE(heard.size() == 3);
  auto refused = std::count_if(heard.begin(), heard.end(), [](const auto& x) {
    return std::holds_alternative<protocol::failed>(x.answer);
  });
  CHECK(refused > 0);
  REQUIRE(pages.size() == 1);
  REQUIRE(pages[0].items.size() == 1);
  CHECK(protocol::decode_item(*pages[0].items[0])->body == "one");
}

TEST_CASE("a reader whose user failed is told to open its inbox again") {
  lone_host<fanned_out> a;
  std::vector<detached> told;
  auto reading = a.listener(told);
  auto carol = a.named("carol", {0});
  auto from = a.elsewhere_too();
  // It can't read what it has of this conversation.
  a.damage(keyring{{0}, ref_of(carol)}.of(record::seen, from.bytes()));
  a.tell(open_inbox{carol, a.laptop, reading});
  a.here.run(enough);
  a.tell(read_inbox{carol, reading, {0}, 10});

  a.tell(a.fan_out_of(from, 1, "one", carol));
  a.here.run(enough);

  CHECK(a.elsewhere.empty());
  CHECK(told.size() == 1);
}

TEST_CASE("what makes a user fail again and again keeps nobody else waiting") {
  lone_host<fanned_out> a;
  std::vector<inbox_page> pages;
  auto reading = a.listener(pages);
  auto carol = a.named("carol", {0});
  auto bad = a.elsewhere_too(), good = a.elsewhere_too();
  // She can't read what she has of this conversation.
  a.damage(keyring{{0}, ref_of(carol)}.of(record::seen, bad.bytes()));
  auto& faults = a.metrics.actor_restarts.with("user");
  auto& letters = a.metrics.dead_letters.with("user");
  auto deliver = [&](const conversation_id& from, const char* what) {
    a.tell(a.fan_out_of(from, 1, what, carol));
    a.here.run(enough);
  };

  for (unsigned i = 1; i <= dead_letters::faults_max; ++i) {
    CHECK(letters.value() == 0);
    deliver(bad, "one");
    CHECK(faults.value() == i);
  }
  CHECK(letters.value() == 1);
  deliver(bad, "one");
  a.tell(open_inbox{carol, a.laptop, reading});
  a.here.run(enough);
  a.tell(read_inbox{carol, reading, {0}, 10});
  deliver(good, "two");

  CHECK(faults.value() == dead_letters::faults_max);
  CHECK(letters.value() == 1);
  REQUIRE(pages.size() == 1);
  REQUIRE(pages[0].items.size() == 1);
  CHECK(protocol::decode_item(*pages[0].items[0])->body == "two");
  // Nobody says that she has what she has not.
  REQUIRE(a.elsewhere.size() == 1);
  CHECK(a.elsewhere[0].conversation == good);
}

TEST_CASE("who waits for an actor that ends is told that its command is lost") {
  lone_host<fan_out> a;
  std::vector<lost> told;
  auto waiting = a.listener(told);
  a.log_thread.stall(5s);

  auto first = a.submit_of(a.new_submission());
  first.tag = 7;
  first.reply_to = waiting;
  a.tell(first);
  a.here.run(1s);
  std::vector<answered> refused;
  a.tell(read_roster{a.alice, a.conversation, 9, a.listener(refused)});
  a.end_host();

  REQUIRE(told.size() == 1);
  CHECK(told[0].tag == 7);
  CHECK(told[0].why.code == errc::not_leader);
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].tag == 9);
  const auto* why = std::get_if<protocol::failed>(&refused[0].answer);
  REQUIRE(why);
  CHECK(why->code == errc::not_leader);
}

TEST_CASE("who waits for a read of an actor that ends is told") {
  lone_host<fan_out> a;
  auto old = a.new_submission(10);
  // More than the conversation keeps in memory.
  for (int i = 0; i < 100; ++i)
    a.submit_one(a.new_submission(10));
  a.here.run(enough);
  a.restart_host();
  std::vector<answered> refused;
  auto asking = a.listener(refused);
  auto carol = a.named("carol", {0});
  a.tell(read_roster{a.alice, a.conversation, 1, asking});
  a.tell(list_devices{carol, 2, asking});
  a.here.run(enough);
  REQUIRE(refused.size() == 2);
  refused.clear();

  a.readers.stall(5s);
  std::vector<lost> told;
  auto first = a.submit_of(old);
  first.tag = 7;
  first.reply_to = a.listener(told);
  protocol::history page;
  page.from = {1};
  a.tell(read_history{a.alice, a.conversation, page, 8, asking});
  a.tell(list_conversations{carol, {}, 9, asking});
  a.tell(first);
  a.here.run(1s);
  REQUIRE(refused.empty());
  a.end_host();

  REQUIRE(told.size() == 1);
  CHECK(told[0].tag == 7);
  CHECK(told[0].why.code == errc::not_leader);
  std::set<std::uint64_t> tags;
  for (const auto& x : refused) {
    tags.insert(x.tag);
    const auto* why = std::get_if<protocol::failed>(&x.answer);
    REQUIRE(why);
    CHECK(why->code == errc::not_leader);
  }
  CHECK((tags == std::set<std::uint64_t>{8, 9}));
}

TEST_CASE("no mark stays though nobody gets the last of what is owed") {
  lone_host<fan_out> a;
  auto dave = a.named("dave", {0});
  auto group = a.found_group(dave, {a.alice});
  auto say = [&](const user_id& who, submission what) {
    what.to.reset();
    a.tell(submit{group, {who, a.laptop}, {std::move(what)}, 0, a.client});
    a.here.run(100ms);
  };
  auto marked = [&] {
    return a.store.state->get(wake_key({0}, ref_of(group)))->has_value();
  };
  auto left = a.new_submission(0);
  left.kind = protocol::item_kind::member_left;

  // What shard 1 has taken is stored later than what shard 0 has, and what
  // nobody there gets, the conversation has to read.
  a.tell(fanned_out{group, {1}, {1}});
  say(a.alice, left);
  say(dave, a.new_submission());
  say(dave, a.new_submission());
  a.readers.stall(5s);
  a.tell(fanned_out{group, {1}, {2}});
  a.here.run(1500ms);
  REQUIRE(a.elsewhere.size() == 2);
  a.restart_host();
  CHECK(marked());
  a.await_leader();
  a.here.run(2min);

  CHECK_FALSE(marked());
  CHECK(a.elsewhere.size() == 2);
}

} // namespace shard_host_life_test
