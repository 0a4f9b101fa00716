// What a shard takes on while nothing of it becomes durable.
#include "tests/sim/lone_host.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace shard_host_test {

using namespace iris;
using namespace iris::actors;
using namespace iris::actors::test;
using namespace iris::sim;
using namespace std::chrono_literals;
using lines = std::vector<std::string>;

namespace {

// As shard_host.cpp and conversation.cpp have them.
constexpr std::size_t submit_bytes_max = 8 * 1024 * 1024;
constexpr std::size_t fan_out_bytes_max = 2 * submit_bytes_max;
constexpr std::size_t deliveries_max = 32;
constexpr auto delivery_timeout = 5s;

/// More than is kept free for an entry besides its body.
constexpr std::size_t extra_bytes = 1536;

/// `count` of them are as many as fit.
void check_fits(std::size_t count, std::size_t limit) {
  CHECK(count * body_bytes <= limit);
  CHECK((count + 1) * (body_bytes + extra_bytes) > limit);
}

std::vector<std::string> bodies_of(const fan_out& what) {
  std::vector<std::string> out;
  for (const auto& x : what.items)
    out.push_back(protocol::decode_item(*x)->body);
  return out;
}

/// Whether the actors get to what they are sent one by one, or whether all is
/// there before they see any of it.
template <class Host, class Message>
void tell(Host& to, bool at_once, Message what) {
  if (at_once)
    caf::anon_send(to.host, std::move(what));
  else
    to.tell(std::move(what));
}

void check_submissions(bool at_once) {
  lone_host<fan_out> a;
  a.submit_one(a.new_submission());
  a.here.run(enough);
  REQUIRE(a.answers.size() == 1);
  std::vector<submission> all;
  a.log_thread.stall(5s);

  for (int i = 0; i < 200; ++i) {
    all.push_back(a.new_submission());
    tell(a, at_once, a.submit_of(all.back()));
  }
  a.here.run(200 * moment);

  // Those that were taken are not answered before they are durable.
  std::vector<submission> refused;
  for (std::size_t i = 1; i < a.answers.size(); ++i) {
    REQUIRE(a.answers[i].answers.size() == 1);
    const auto* why = std::get_if<protocol::failed>(&a.answers[i].answers[0]);
    REQUIRE(why);
    CHECK(why->code == errc::overloaded);
    CHECK(why->text == "too much is being written: try again");
    CHECK(why->retry_after_ms > 0);
    CHECK_FALSE(why->fatal);
    auto which = std::find_if(all.begin(), all.end(),
                              [&](const auto& x) { return x.id == why->id; });
    REQUIRE(which != all.end());
    refused.push_back(*which);
    all.erase(which);
  }
  check_fits(all.size(), submit_bytes_max);
  a.here.run(5s + enough);
  CHECK(a.most_in_two_entries() <= submit_bytes_max);
  for (const auto& x : refused)
    a.submit_one(x);
  a.here.run(enough);
  all.insert(all.end(), refused.begin(), refused.end());
  REQUIRE(all.size() == 200);
  REQUIRE(a.answers.size() == 1 + refused.size() + all.size());
  std::vector<std::string> written{"1" + std::string(body_bytes - 1, '.')};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& x = a.answers[1 + refused.size() + i].answers.at(0);
    const auto* sent = std::get_if<protocol::sent>(&x);
    REQUIRE(sent);
    CHECK(sent->id == all[i].id);
    CHECK(sent->seq == sequence{2 + i});
    CHECK_FALSE(sent->duplicate);
    written.push_back(all[i].body);
  }
  CHECK(
    (a.bodies(ref_of(a.conversation), record::log, written.size()) == written));
}

void check_fan_outs(bool at_once) {
  lone_host<fanned_out> a;
  auto carol = a.named("carol", {0});
  std::map<conversation_id, fan_out> all;
  auto send = [&] {
    auto x = a.new_fan_out(1, {carol});
    all[x.conversation] = x;
    tell(a, at_once, x);
  };
  send();
  a.here.run(enough);
  REQUIRE(a.elsewhere.size() == 1);
  a.log_thread.stall(5s);

  while (all.size() < 400)
    send();
  a.here.run(400 * moment);
  CHECK(a.elsewhere.size() == 1);
  a.here.run(5s + enough);

  // Nobody hears of those that were dropped; those who wait send them again.
  auto taken = a.elsewhere.size() - 1;
  check_fits(taken - deliveries_max, fan_out_bytes_max);
  CHECK(a.most_in_two_entries() <= fan_out_bytes_max);
  auto left = all;
  for (const auto& x : a.elsewhere)
    CHECK(left.erase(x.conversation) == 1);
  for (const auto& [from, x] : left)
    a.tell(x);
  a.here.run(enough);
  REQUIRE(a.elsewhere.size() == all.size());
  std::vector<std::string> written;
  for (const auto& x : a.elsewhere) {
    CHECK(x.by == shard_id{0});
    CHECK(x.upto == sequence{1});
    REQUIRE(all.contains(x.conversation));
    written.push_back(bodies_of(all[x.conversation]).at(0));
  }
  CHECK((a.bodies(ref_of(carol), record::inbox, all.size()) == written));
}

} // namespace

TEST_CASE("a shard that can't write takes 8 MiB of messages and no more") {
  check_submissions(false);
}

TEST_CASE("a shard takes 8 MiB of messages that come at once and no more") {
  check_submissions(true);
}

TEST_CASE("a shard that can't write drops fan-outs beyond 16 MiB") {
  check_fan_outs(false);
}

TEST_CASE("a shard drops fan-outs beyond 16 MiB that come at once") {
  check_fan_outs(true);
}

TEST_CASE("a fan-out to many goes to 16 MiB of them at a time") {
  lone_host<fanned_out> a;
  std::vector<user_id> many;
  many.reserve(300);
  for (int i = 0; i < 300; ++i)
    many.push_back(a.named("member-" + std::to_string(i) + "-", {0}));
  auto large = a.new_fan_out(2, many);
  auto small = a.new_fan_out(1, {a.named("carol", {0})});

  tell(a, true, large);
  tell(a, true, large); // As if its conversation had given it up.
  tell(a, true, small);
  a.here.run(enough);

  // The neighbour did not wait for all of them.
  REQUIRE(a.elsewhere.size() == 2);
  CHECK(a.elsewhere[0].conversation == small.conversation);
  CHECK(a.elsewhere[1].conversation == large.conversation);
  CHECK(a.elsewhere[1].upto == sequence{2});
  CHECK(a.most_in_two_entries() <= fan_out_bytes_max);
  for (const auto& x : many)
    CHECK((a.bodies(ref_of(x), record::inbox, 2) == bodies_of(large)));
}

TEST_CASE("a fan-out leaves once the log has its message, the answer later") {
  lone_host<fan_out> a;
  auto first = a.new_submission(10), second = a.new_submission(10);
  second.to = a.other_of(a.alice, 1);

  a.submit_one(first);
  REQUIRE(a.here.run(enough, [&] { return a.elsewhere.size() == 1; }));
  CHECK(a.answers.empty());
  // The log has one entry of a shard at a time.
  a.tell(submit{direct_conversation(a.alice, *second.to),
                {a.alice, a.laptop},
                {second},
                0,
                a.client});
  REQUIRE(a.here.run(enough, [&] { return a.elsewhere.size() == 2; }));
  a.here.run(moment);

  REQUIRE(a.answers.size() == 1);
  CHECK(std::get<protocol::sent>(a.answers[0].answers[0]).id == first.id);
  REQUIRE(a.elsewhere.size() == 2);
  CHECK(protocol::decode_item(*a.elsewhere[0].items[0])->id == first.id);
  CHECK(protocol::decode_item(*a.elsewhere[1].items[0])->id == second.id);
}

TEST_CASE("a full mailbox keeps no fan-out from leaving, and nobody awake") {
  lone_host<fan_out> a;
  a.env.mailbox_max = 1;
  std::vector<answered> heard;
  auto asking = a.listener(heard);

  // Others come in between at each of the first steps of a message.
  for (std::uint64_t n = 1; n <= 20; ++n) {
    CAPTURE(n);
    caf::anon_send(a.host, a.submit_of(a.new_submission(10)));
    // The first wakes it.
    a.here.run(std::chrono::nanoseconds{n < 2 ? 0 : (n - 2) * 200});
    for (std::uint64_t i = 0; i < 4; ++i)
      caf::anon_send(a.host, read_roster{a.alice, a.conversation, i, asking});
    a.here.run(enough);
    REQUIRE(a.answers.size() == n);
    REQUIRE(a.elsewhere.size() == n);
    CHECK(a.elsewhere.back().first == sequence{n});
    a.tell(fanned_out{a.conversation, {1}, {n}});
    a.here.run(enough);
  }
  // Some did find it full.
  auto refused = std::count_if(heard.begin(), heard.end(), [](const auto& x) {
    return std::holds_alternative<protocol::failed>(x.answer);
  });
  CHECK(refused > 0);

  a.here.run(2min);
  CHECK(a.metrics.conversations_active.value() == 0);
}

TEST_CASE("a shard with a full mailbox holds up no delivery and no reader") {
  lone_host<fanned_out> a;
  a.env.mailbox_max = 1;
  a.restart_host();
  a.await_leader();
  std::vector<answered> heard;
  std::vector<inbox_page> pages;
  auto asking = a.listener(heard);
  auto reading = a.listener(pages);
  auto carol = a.named("carol", {0});
  a.tell(open_inbox{carol, a.laptop, reading});
  a.here.run(enough);

  for (std::uint64_t i = 0; i < 20; ++i)
    caf::anon_send(a.host, list_devices{carol, i, asking});
  caf::anon_send(a.host, a.fan_out_of(a.elsewhere_too(), 1, "one", carol));
  caf::anon_send(a.host, read_inbox{carol, reading, {0}, 10});
  a.here.run(enough);

  REQUIRE(heard.size() == 20);
  CHECK(std::any_of(heard.begin(), heard.end(), [](const auto& x) {
    return std::holds_alternative<protocol::failed>(x.answer);
  }));
  CHECK(a.elsewhere.size() == 1);
  REQUIRE(pages.size() == 1);
  REQUIRE(pages[0].items.size() == 1);
  CHECK(protocol::decode_item(*pages[0].items[0])->body == "one");
}

TEST_CASE("a conversation with a full mailbox hears what was delivered") {
  lone_host<fan_out> a;
  a.env.mailbox_max = 1;
  std::vector<answered> heard;
  auto asking = a.listener(heard);
  a.submit_one(a.new_submission(10));
  REQUIRE(a.here.run(enough, [&] { return a.elsewhere.size() == 1; }));

  for (std::uint64_t i = 0; i < 3; ++i)
    caf::anon_send(a.host, read_roster{a.alice, a.conversation, i, asking});
  caf::anon_send(a.host, fanned_out{a.conversation, {1}, {1}});
  a.here.run(2 * delivery_timeout);

  REQUIRE(heard.size() == 3);
  CHECK(std::any_of(heard.begin(), heard.end(), [](const auto& x) {
    return std::holds_alternative<protocol::failed>(x.answer);
  }));
  CHECK(a.elsewhere.size() == 1);
}

TEST_CASE("a history has what was fanned out before it was asked for") {
  lone_host<fan_out> a;
  std::vector<answered> heard;
  auto asking = a.listener(heard);
  a.submit_one(a.new_submission(10));
  REQUIRE(a.here.run(enough, [&] { return a.elsewhere.size() == 1; }));

  // As a device does that the other shard gave it.
  protocol::history ask;
  ask.conversation = a.conversation;
  ask.limit = 10;
  a.tell(read_history{a.alice, a.conversation, ask, 7, asking});
  REQUIRE(a.here.run(enough, [&] { return !heard.empty(); }));

  CHECK(heard[0].tag == 7);
  CHECK(std::get<protocol::history_page>(heard[0].answer).head == sequence{1});
  REQUIRE(heard[0].items.size() == 1);
  CHECK((*heard[0].items[0] == *a.elsewhere[0].items[0]));
}

TEST_CASE("a fan-out is sent again until it is answered") {
  lone_host<fan_out> a;
  auto message = a.new_submission(10);
  a.submit_one(message);
  REQUIRE(a.here.run(enough, [&] { return a.elsewhere.size() == 1; }));

  a.here.run(delivery_timeout - 100ms);
  CHECK(a.elsewhere.size() == 1);
  a.here.run(2s);
  REQUIRE(a.elsewhere.size() == 2);
  a.here.run(delivery_timeout + 2s);
  REQUIRE(a.elsewhere.size() == 3);
  a.tell(fanned_out{a.conversation, {1}, {1}});
  a.here.run(1min);

  REQUIRE(a.elsewhere.size() == 3);
  for (const auto& x : a.elsewhere) {
    CHECK(x.conversation == a.conversation);
    CHECK(x.first == sequence{1});
    REQUIRE(x.items.size() == 1);
    CHECK(protocol::decode_item(*x.items[0])->id == message.id);
    std::vector<user_id> to;
    for (const auto& one : x.recipients)
      to.push_back(one.user);
    CHECK((to == std::vector<user_id>{a.alice, a.bob}));
  }
}

TEST_CASE("an answer to an earlier attempt counts for what it names") {
  lone_host<fan_out> a;
  std::vector<message_id> sent;
  auto say = [&] {
    auto message = a.new_submission(10);
    sent.push_back(message.id);
    a.submit_one(message);
  };
  say();
  REQUIRE(a.here.run(enough, [&] { return a.elsewhere.size() == 1; }));
  say();
  REQUIRE(
    a.here.run(delivery_timeout + 2s, [&] { return a.elsewhere.size() == 2; }));
  REQUIRE(a.elsewhere[1].items.size() == 2);

  a.tell(fanned_out{a.conversation, {1}, {1}});
  CHECK(a.elsewhere.size() == 2);
  REQUIRE(
    a.here.run(delivery_timeout + 2s, [&] { return a.elsewhere.size() == 3; }));

  CHECK(a.elsewhere[2].first == sequence{2});
  REQUIRE(a.elsewhere[2].items.size() == 1);
  CHECK(protocol::decode_item(*a.elsewhere[2].items[0])->id == sent[1]);
  a.tell(fanned_out{a.conversation, {1}, {2}});
  a.here.run(1min);
  CHECK(a.elsewhere.size() == 3);
}

TEST_CASE("a start takes up what is undelivered, however much it is") {
  constexpr std::size_t count = 300;
  lone_host<fan_out> a;
  std::map<conversation_id, message_id> sent;
  for (std::size_t i = 0; i < count; ++i) {
    auto message = a.new_submission(10);
    message.to = a.other_of(a.alice, i);
    auto into = direct_conversation(a.alice, *message.to);
    sent[into] = message.id;
    a.tell(submit{into, {a.alice, a.laptop}, {message}, 0, a.client});
  }
  a.here.run(enough);
  REQUIRE(a.answers.size() == count);
  a.elsewhere.clear();

  a.env.mailbox_max = 1;
  a.restart_host();
  a.await_leader();
  // Long before a sweep, and before anything is sent a second time.
  a.here.run(enough);

  REQUIRE(a.elsewhere.size() == count);
  for (const auto& x : a.elsewhere) {
    REQUIRE(x.items.size() == 1);
    CHECK(protocol::decode_item(*x.items[0])->id == sent.at(x.conversation));
    sent.erase(x.conversation);
  }
  CHECK(sent.empty());
}

TEST_CASE("a full disk takes no fan-out until it has room again") {
  lone_host<fanned_out> a;
  auto carol = a.named("carol", {0});
  auto from = a.elsewhere_too();
  a.full = true;

  a.tell(a.fan_out_of(from, 1, "one", carol));
  a.here.run(enough);
  CHECK(a.elsewhere.empty());
  CHECK(a.metrics.users_active.value() == 0);

  a.full = false;
  a.tell(a.fan_out_of(from, 1, "one", carol));
  a.here.run(enough);
  CHECK(a.elsewhere.size() == 1);
  CHECK((a.bodies(ref_of(carol), record::inbox, 1) == lines{"one"}));
}

TEST_CASE("a reader that is behind is asked about so many users and no more") {
  lone_host<fanned_out> a;
  constexpr std::uint64_t room = 1024; // env.mailbox_max
  constexpr std::uint64_t beyond = 300;
  std::vector<answered> heard;
  auto asking = a.listener(heard);
  a.readers.stall(5s);

  for (std::uint64_t tag = 0; tag < room + beyond; ++tag)
    a.tell(read_statuses{{user("nobody-" + std::to_string(tag))}, tag, asking});

  // Those beyond are told at once.
  REQUIRE(heard.size() == beyond);
  for (std::uint64_t i = 0; i < beyond; ++i) {
    CHECK(heard[i].tag == room + i);
    const auto* why = std::get_if<protocol::failed>(&heard[i].answer);
    REQUIRE(why);
    CHECK(why->code == errc::overloaded);
    CHECK(why->text == "too many users are asked about: try again");
    CHECK(why->retry_after_ms == 100);
    CHECK_FALSE(why->fatal);
  }
  heard.clear();
  a.here.run(5s + enough);
  REQUIRE(heard.size() == room);
  for (std::uint64_t i = 0; i < room; ++i) {
    CHECK(heard[i].tag == i);
    CHECK(std::holds_alternative<protocol::user_status>(heard[i].answer));
  }

  // What was answered takes no room any more.
  heard.clear();
  for (std::uint64_t tag = 0; tag < room; ++tag)
    a.tell(read_statuses{{user("nobody-" + std::to_string(tag))}, tag, asking});
  a.here.run(enough);
  REQUIRE(heard.size() == room);
  CHECK(std::all_of(heard.begin(), heard.end(), [](const auto& x) {
    return std::holds_alternative<protocol::user_status>(x.answer);
  }));
}

TEST_CASE("one user takes the mail of thousands of conversations at once") {
  constexpr std::size_t count = 3000;
  lone_host<fanned_out> a;
  auto carol = a.named("carol", {0});
  std::vector<conversation_id> from;
  for (std::size_t i = 0; i < count; ++i) {
    from.push_back(a.elsewhere_too());
    caf::anon_send(a.host,
                   a.fan_out_of(from.back(), 1, std::to_string(i), carol));
  }

  // Nobody has to send it again.
  a.here.run(delivery_timeout - 1s);

  REQUIRE(a.elsewhere.size() == count);
  for (std::size_t i = 0; i < count; ++i)
    CHECK(a.elsewhere[i].conversation == from[i]);
  a.here.run(enough);
  auto found = a.bodies(ref_of(carol), record::inbox, count);
  REQUIRE(found.size() == count);
  for (std::size_t i = 0; i < count; ++i)
    CHECK(found[i] == std::to_string(i));
}

} // namespace shard_host_test
