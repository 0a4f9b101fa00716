#include "tests/actors/conversation_harness.hpp"

#include <rapidcheck.h>

namespace conversation_submit_test {

using namespace iris;
using namespace iris::actors;
using namespace iris::actors::test;
using protocol::item_kind;

namespace {

const auto alice = user("alice");
const auto bob = user("bob");
const auto carol = user("carol");

constexpr std::int64_t hour = 60 * 60 * 1000;
constexpr std::int64_t week = 7 * 24 * hour;

/// A 1:1 conversation that has begun.
struct chat : conversation_harness {
  chat() : conversation_harness(direct_conversation(alice, bob)) {
    auto first = message("hello");
    first.to = bob;
    ok(alice, first);
  }
};

submission with_id(submission what, message_id id) {
  what.id = id;
  return what;
}

submission after(submission what, message_id id) {
  what.after = id;
  return what;
}

} // namespace

TEST_CASE("the first message to a user makes the conversation for both") {
  conversation_harness it{direct_conversation(alice, bob)};
  auto first = it.message("hello");
  first.to = bob;
  first.trace = "4bf92f3577b34da6";

  auto answer = it.ok(alice, first);

  CHECK(answer.id == first.id);
  CHECK(answer.conversation == it.id);
  CHECK(answer.seq == sequence{1});
  CHECK(answer.at == timestamp{it.now});
  CHECK_FALSE(answer.duplicate);
  CHECK(roster(it)
        == std::vector<std::string>{"alice member 1", "bob member 1"});
  auto items = log(it);
  REQUIRE(items.size() == 1);
  CHECK(items[0].conversation == it.id);
  CHECK(items[0].from == alice);
  CHECK(items[0].device == it.phone);
  CHECK(items[0].to == bob);
  CHECK(items[0].body == "hello");
  CHECK(items[0].id == first.id);
  CHECK(items[0].kind == item_kind::message);
  CHECK(items[0].trace == "4bf92f3577b34da6");
  CHECK(items[0].members.empty());
}

TEST_CASE("either of two users may answer, and is named as the other") {
  chat it;

  CHECK(it.ok(bob, it.message("hi")).seq == sequence{2});

  CHECK(log(it)[1].to == alice);
}

TEST_CASE("a user can write to themselves") {
  conversation_harness it{direct_conversation(alice, alice)};
  auto note = it.message("milk");
  note.to = alice;

  CHECK(it.ok(alice, note).seq == sequence{1});
  it.reload();
  CHECK(it.ok(alice, it.message("eggs")).seq == sequence{2});

  CHECK(roster(it) == std::vector<std::string>{"alice member 1"});
  CHECK(log(it)[1].to == alice);
}

TEST_CASE("a message to nowhere is refused and leaves nothing") {
  conversation_harness it{direct_conversation(alice, bob)};

  CHECK(it.refused(alice, it.message("hello")) == errc::not_a_member);
  CHECK(it.refused(alice, it.change(item_kind::members_added, {bob}))
        == errc::not_a_member);
  CHECK(it.refused(alice, it.change(item_kind::member_left, {}))
        == errc::not_a_member);

  CHECK(it->head() == sequence{0});
  CHECK(it->members().list.empty());
  CHECK(it.db.keys(it.keys.prefix()).empty());
}

TEST_CASE("only members may write") {
  chat it;

  CHECK(it.refused(carol, it.message("me too")) == errc::not_a_member);

  CHECK(it->head() == sequence{1});
}

TEST_CASE("a retry gets the original answer, however late") {
  chat it;
  auto once = it.message("once");
  auto original = it.ok(alice, once);
  original.duplicate = true;

  for (int i = 0; i < 200; ++i)
    it.ok(bob, it.message("noise"));
  it.now += hour;

  CHECK(it.ok(alice, once) == original);
  it.reload();
  CHECK(it.ok(alice, once) == original);
  CHECK(it->head() == sequence{202});
  CHECK(log(it).size() == 202);
}

TEST_CASE("a retry stores nothing and has no item") {
  chat it;
  auto once = it.message("once");
  it.ok(alice, once);
  persistence::writes out;

  auto again = it->submit({alice, it.phone}, once, {it.now}, out);

  CHECK(out.empty());
  CHECK_FALSE(std::get<conversation_machine::accepted>(again).item);
}

TEST_CASE("a retry from another device with other hints is the same") {
  chat it;
  auto once = it.message("once");
  it.ok(alice, once);
  it.phone = device("laptop");
  once.trace = "other";
  once.after = id_at(it.now, 999);

  CHECK(it.ok(alice, once).duplicate);
}

TEST_CASE("an id used again for another content is refused") {
  chat it;
  auto once = it.message("once");
  it.ok(alice, once);

  CHECK(it.refused(alice, with_id(it.message("twice"), once.id))
        == errc::id_reused);
  CHECK(
    it.refused(alice, with_id(it.change(item_kind::member_left, {}), once.id))
    == errc::id_reused);
  CHECK(it->head() == sequence{2});
}

TEST_CASE("ids of different senders don't meet") {
  chat it;
  auto hers = it.message("hers");
  it.ok(alice, hers);

  CHECK_FALSE(it.ok(bob, with_id(it.message("his"), hers.id)).duplicate);
}

TEST_CASE("an id is good for the idempotency window, to the millisecond") {
  chat it;
  auto with_age = [&](std::int64_t ms) {
    auto out = it.message("old");
    return with_id(out, id_at(it.now - ms, 5000));
  };
  CHECK_FALSE(it.ok(alice, with_age(week)).duplicate);
  CHECK(it.refused(alice, with_age(week + 1)) == errc::id_too_old);
}

TEST_CASE("a retry beyond the window is refused, though it is known") {
  chat it;
  auto once = it.message("once");
  it.ok(alice, once);

  it.now += week;
  CHECK(it.ok(alice, once).duplicate);
  it.now += 1;
  CHECK(it.refused(alice, once) == errc::id_too_old);
}

TEST_CASE("an id that was forgotten is too old, whatever the clock says") {
  chat it;
  auto first = it.message("first"), second = it.message("second");
  auto third = it.message("third");
  for (const auto& x : {first, second, third})
    it.ok(alice, x);

  persistence::writes out;
  it->forget_ids(it.keys.dedup(second.id, alice), out);
  CHECK(out.only_below(it.keys.prefix()));
  it.db.apply(out);

  for (int round = 0; round < 2; ++round) {
    CHECK(it.refused(alice, first) == errc::id_too_old);
    CHECK(it.refused(alice, second) == errc::id_too_old);
    CHECK(it.refused(alice, with_id(it.message("new"), second.id))
          == errc::id_too_old);
    CHECK(it.ok(alice, third).duplicate);
    it.reload();
  }
  // Nothing that was forgotten can be sent any more.
  CHECK_FALSE(it.ok(alice, after(it.message("on"), first.id)).duplicate);
}

TEST_CASE("an id may be an hour ahead, to the millisecond") {
  chat it;
  auto ahead = [&](std::int64_t ms) {
    auto out = it.message("new");
    return with_id(out, id_at(it.now + ms, 5000));
  };

  CHECK_FALSE(it.ok(alice, ahead(hour)).duplicate);
  CHECK(it.refused(alice, ahead(hour + 1)) == errc::id_in_future);
}

TEST_CASE("a message that follows another waits for it to be committed") {
  chat it;
  auto first = it.message("first");
  auto second = after(it.message("second"), first.id);

  CHECK(it.refused(alice, second) == errc::out_of_order);
  it.ok(alice, first);

  CHECK(it.ok(alice, second).seq == sequence{3});
}

TEST_CASE("a message can follow one that is only in the store") {
  chat it;
  auto first = it.message("first");
  it.ok(alice, first);
  for (int i = 0; i < 100; ++i)
    it.ok(bob, it.message("noise"));
  it.reload();

  CHECK(it.ok(alice, after(it.message("second"), first.id)).seq.value == 103);
  CHECK(it.lookups == 1);
}

TEST_CASE("a message can't follow itself or what another user sent") {
  chat it;
  auto his = it.message("his");
  it.ok(bob, his);
  auto own = it.message("own");

  CHECK(it.refused(alice, after(own, own.id)) == errc::out_of_order);
  CHECK(it.refused(alice, after(own, his.id)) == errc::out_of_order);
}

TEST_CASE("times never run backwards, whatever the clock does") {
  chat it;
  auto first = it.ok(alice, it.message("noon"));

  it.now -= 30'000;
  CHECK(it.ok(bob, it.message("earlier")).at == first.at);
  it.reload();
  CHECK(it.ok(bob, it.message("still")).at == first.at);
  it.now += 60'000;
  CHECK(it.ok(bob, it.message("later")).at > first.at);
}

TEST_CASE("what is refused leaves no trace of its lookups") {
  chat it;
  for (int i = 0; i < 100; ++i)
    it.ok(bob, it.message("noise"));
  auto old_id = id_at(it.now - hour, 1);

  for (int i = 0; i < 3; ++i)
    CHECK(it.refused(carol, with_id(it.message("x"), old_id))
          == errc::not_a_member);
  // Each was looked up again: nobody can make the machine remember.
  CHECK(it.lookups == 3);
  for (int i = 0; i < 3; ++i)
    CHECK(it.refused(alice, after(it.message("x"), old_id))
          == errc::out_of_order);
  CHECK(it.lookups == 6);
}

TEST_CASE("sequences have no gaps, and retries change nothing") {
  CHECK(rc::check([](std::uint64_t seed) {
    random_source random{seed};
    chat it;
    std::vector<std::pair<submission, protocol::sent>> done;
    auto steps = *rc::gen::inRange(0, 250);
    for (int i = 0; i < steps; ++i) {
      it.now += static_cast<std::int64_t>(random.below(5000)) - 1000;
      if (random.chance(3))
        it.reload();
      if (!done.empty() && random.chance(30)) {
        auto [what, answer] = done[random.below(done.size())];
        answer.duplicate = true;
        RC_ASSERT(it.ok(alice, what) == answer);
        continue;
      }
      auto what = it.message(std::to_string(i));
      // Out of order in time: clients' clocks differ.
      what.id = id_at(it.now - static_cast<std::int64_t>(random.below(200'000)),
                      seed + static_cast<std::uint64_t>(i));
      if (!done.empty() && random.chance(50))
        what.after = done[random.below(done.size())].first.id;
      done.emplace_back(what, it.ok(alice, what));
    }
    auto items = log(it);
    RC_ASSERT(items.size() == done.size() + 1);
    for (std::size_t i = 0; i < done.size(); ++i) {
      RC_ASSERT(items[i + 1].seq.value == i + 2);
      RC_ASSERT(items[i + 1].id == done[i].first.id);
      RC_ASSERT(items[i + 1].body == done[i].first.body);
      RC_ASSERT(items[i + 1].at == done[i].second.at);
      RC_ASSERT(items[i + 1].at >= items[i].at);
    }
  }));
}

} // namespace conversation_submit_test
