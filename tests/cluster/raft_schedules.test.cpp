// Schedules that hurt groups: those of the papers, and those that the library
// itself does not get right. docs/adr/0010 numbers the rules.
#include "tests/cluster/raft_group.hpp"

#include <doctest/doctest.h>

namespace raft_schedules_test {

using namespace iris;
using namespace iris::cluster::raft;
using namespace std::chrono_literals;
using namespace iris::test;
using kind = message::kind;

namespace {

options one_at_a_time() {
  options out;
  out.inflight_entries_max = 1;
  return out;
}

} // namespace

TEST_CASE("a leader commits what a majority has, and says so") {
  raft_group a{3, voters_of({1, 2, 3})};
  a.elect(1, {2, 3});
  REQUIRE(a.at(1).leads());
  a.talk(1, {2, 3});

  a.submit(1, "x");
  auto index = a.core(1).last_index();
  CHECK(a.core(1).commit_index() == index - 1);
  a.talk(1, 2);
  CHECK(a.core(1).commit_index() == index);
  a.heartbeat(1);
  a.talk(1, {2, 3});

  for (std::uint64_t id : {1, 2, 3}) {
    CHECK(a.core(id).commit_index() == index);
    CHECK(commands(a, id) == "x");
    CHECK(a.core(id).leader() == node_id{1});
  }
}

TEST_CASE("an entry of an earlier term is not committed by counting") {
  // Raft paper, figure 8.
  raft_group a{5, voters_of({1, 2, 3, 4, 5}), one_at_a_time()};
  a.elect(1, {2, 3});
  a.talk(1, {2, 3, 4, 5});
  a.submit(1, "a");
  const auto index = a.core(1).last_index();
  a.deliver(1, 2);
  a.drop();
  a.crash(1);
  a.elect(5, {3, 4});
  REQUIRE(a.at(5).leads());
  a.drop();
  a.crash(5);
  a.start(1);
  a.elect(1, {2, 3, 4});
  REQUIRE(a.at(1).leads());
  const auto term = a.core(1).state().term;

  // The old entry reaches 3, a majority; nothing of this term does.
  for (int i = 0; i < 8 && a.term_of(3, index) != a.term_of(1, index); ++i) {
    a.heartbeat(1);
    for (std::uint64_t x : {2, 3}) {
      a.deliver(1, x);
      a.deliver(x, 1);
    }
    a.drop();
  }
  REQUIRE(a.term_of(3, index) == a.term_of(1, index));
  REQUIRE(a.term_of(3, index + 1) < term);
  CHECK(a.core(1).commit_index() < index);
  a.crash(1);
  a.start(5);
  a.elect(5, {2, 3, 4});
  for (int i = 0; i < 12; ++i) {
    a.heartbeat(5);
    a.talk(5, {2, 3, 4});
  }

  // 5 wins, and what it puts there commits.
  REQUIRE(a.at(5).leads());
  CHECK(a.core(5).commit_index() >= index);
  CHECK(a.term_of(2, index) == a.term_of(5, index));
}

namespace {

/// Three of whom 1 leads, a moment after its last word.
struct three : raft_group {
  three() : raft_group{3, voters_of({1, 2, 3})} {
    elect(1, {2, 3});
    talk(1, {2, 3});
    heartbeat(1);
    talk(1, {2, 3});
  }

  /// The way to the leader broke, and this one stands at once.
  void lose(std::uint64_t id) {
    core(id).doubt(now, {1}, now);
    tick(id, std::chrono::milliseconds{40});
  }
};

} // namespace

TEST_CASE("those who lost their leader elect another at once") {
  three a;
  auto term = a.core(1).state().term;
  auto before = a.now;
  a.crash(1);

  a.core(3).doubt(a.now, {1}, a.now + std::chrono::milliseconds{300});
  a.lose(2);
  a.talk(2, 3);

  CHECK(a.at(2).leads());
  CHECK(a.core(2).state().term == term + 1);
  CHECK(a.core(3).leader() == node_id{2});
  CHECK(a.now - before < std::chrono::milliseconds{50});
}

TEST_CASE("who writes when its turn comes stands when that is done") {
  three a;
  a.hold_disk(2);
  REQUIRE(a.submit(1, "a"));
  a.deliver(1, 2);
  REQUIRE(a.core(2).last_index() > a.core(3).last_index());
  a.crash(1);
  auto before = a.now;

  a.core(3).doubt(a.now, {1}, a.now + std::chrono::milliseconds{300});
  a.lose(2);
  a.talk(2, 3);
  CHECK_FALSE(a.at(2).leads());
  a.release_disk(2);
  a.tick(2, std::chrono::milliseconds{40});
  a.talk(2, 3);

  CHECK(a.at(2).leads());
  CHECK(a.now - before < std::chrono::milliseconds{100});
}

TEST_CASE("who lost a leader that others hear disturbs nobody") {
  three a;
  auto term = a.core(1).state().term;

  a.lose(2);
  a.talk(2, 3);
  CHECK_FALSE(a.at(2).leads());
  CHECK(a.core(3).leader() == node_id{1});

  // Nor once it hears the leader again.
  a.heartbeat(1);
  a.talk(1, {2, 3});
  CHECK(a.at(1).leads());
  CHECK(a.core(2).leader() == node_id{1});
  for (std::uint64_t id : {1, 2, 3})
    CHECK(a.core(id).state().term == term);
}

TEST_CASE("a leader's next word ends the doubt") {
  three a;
  auto term = a.core(1).state().term;
  a.core(3).doubt(a.now, {1}, a.now + std::chrono::milliseconds{300});
  a.heartbeat(1);
  a.talk(1, {2, 3});

  a.tick(3, std::chrono::milliseconds{200});
  CHECK(a.wire.empty());
  a.lose(2);
  a.talk(2, 3);

  CHECK_FALSE(a.at(2).leads());
  CHECK(a.core(3).leader() == node_id{1});
  CHECK(a.core(3).state().term == term);
}

TEST_CASE("who stood while there was no way stands again when there is one") {
  three a;
  a.crash(1);
  a.lose(2);
  a.lose(3);
  a.wire.clear();
  auto before = a.now;

  a.core(2).stand(a.now, a.now + std::chrono::milliseconds{40});
  a.tick(2, std::chrono::milliseconds{40});
  a.talk(2, 3);

  CHECK(a.at(2).leads());
  CHECK(a.core(3).leader() == node_id{2});
  CHECK(a.now - before < std::chrono::milliseconds{50});
}

TEST_CASE("a leader that is told to stand goes on leading") {
  three a;
  auto term = a.core(1).state().term;
  // From here on it counts who answers.
  a.tick(1, std::chrono::milliseconds{1100});
  a.talk(1, {2, 3});

  a.core(1).stand(a.now, a.now);
  a.tick(1, std::chrono::milliseconds{40});

  CHECK(a.at(1).leads());
  CHECK(a.core(1).state().term == term);
}

TEST_CASE("a lost link to who does not lead means nothing") {
  three a;
  a.core(2).doubt(a.now, {3}, a.now);
  a.core(1).doubt(a.now, {2}, a.now);
  for (std::uint64_t id : {1, 2})
    a.tick(id, std::chrono::milliseconds{40});

  CHECK(a.wire.empty());
  CHECK(a.at(1).leads());
}

TEST_CASE("no change before an entry of the leader's own term") {
  // Ongaro, "Bug in single-server membership changes", 2015. Rule 8.
  raft_group a{5, voters_of({1, 2, 3, 4})};
  a.elect(1, {2, 3});
  a.drop();
  const auto five = with(voters_of({1, 2, 3, 4}), 5, server_role::standby);

  CHECK_FALSE(a.change(1, five));
  a.talk(1, {2, 3, 4});
  a.heartbeat(1);
  a.talk(1, {2, 3, 4});
  CHECK(a.change(1, five));

  CHECK(a.core(1).servers() == five);
}

TEST_CASE("a change in the middle of a message is undone with its entry") {
  // Rule 7: the library takes the first entry's index for the change's.
  raft_group a{6, voters_of({1, 2, 3, 4, 5})};
  a.elect(1, {2, 3});
  a.talk(1, {2, 3, 4, 5});
  a.submit(1, "a");
  a.talk(1, {2, 3, 4, 5});
  const auto before = a.core(1).servers();
  a.submit(1, "b");
  a.deliver(1, 2);
  a.submit(1, "c");
  a.drop();
  REQUIRE(a.change(1, with(before, 6, server_role::standby)));
  a.drop();
  bring_up(a, 1, 3);
  REQUIRE(a.core(3).servers().size() == 6);
  a.crash(1);
  a.elect(2, {4, 5});
  REQUIRE(a.at(2).leads());

  a.submit(2, "d");
  for (int i = 0; i < 6; ++i) {
    a.heartbeat(2);
    a.talk(2, {3, 4, 5});
  }

  CHECK(commands(a, 3) == "abd");
  CHECK(changes(a, 3) == 1);
  CHECK(a.core(3).servers() == before);
}

TEST_CASE("a change in the middle of a message becomes the committed one") {
  raft_group a{4, voters_of({1, 2, 3})};
  a.elect(1, {2, 3});
  a.talk(1, {2, 3});
  a.heartbeat(1);
  a.talk(1, {2, 3});
  a.submit(1, "a");
  a.drop();
  REQUIRE(a.change(1, with(a.core(1).servers(), 4, server_role::spare)));
  a.drop();
  for (int i = 0; i < 4; ++i) {
    a.heartbeat(1);
    a.talk(1, {2, 3});
  }

  // Whoever leads next may change it again.
  REQUIRE(a.at(1).transfer(a.now, {3}));
  a.talk(1, 3);
  a.talk(3, {1, 2});
  REQUIRE(a.at(3).leads());
  a.heartbeat(3);
  a.talk(3, {1, 2});
  CHECK(a.change(3, voters_of({1, 2, 3})));
}

TEST_CASE("a second change in one message confirms the first") {
  // Rule 7: what the second is undone to.
  raft_group a{6, voters_of({1, 2, 3, 4, 5})};
  a.elect(1, {2, 3});
  a.talk(1, {2, 3, 4, 5});
  a.heartbeat(1);
  a.talk(1, {2, 3, 4, 5});
  const auto first = with(a.core(1).servers(), 6, server_role::standby);
  REQUIRE(a.change(1, first));
  a.talk(1, {2, 4, 5});
  a.drop();
  REQUIRE(a.change(1, with(first, 6, server_role::spare)));
  a.drop();
  bring_up(a, 1, 3);
  REQUIRE(changes(a, 3) == 3);
  a.crash(1);
  a.elect(2, {4, 5});
  REQUIRE(a.at(2).leads());

  for (int i = 0; i < 6; ++i) {
    a.heartbeat(2);
    a.talk(2, {3, 4, 5});
  }

  CHECK(changes(a, 3) == 2);
  CHECK(a.core(3).servers() == first);
}

TEST_CASE("a reply to a leader of the past claims nothing") {
  // Rule 5: 2 has nothing of this term, and its answer is for an old message.
  raft_group a{3, voters_of({1, 2, 3})};
  a.elect(1, {2, 3});
  a.talk(1, {2, 3});
  a.heartbeat(1);
  auto old = a.wire.front();
  REQUIRE((old.to == 2 && old.what.what == kind::append));
  a.drop();
  a.tick(1, 3000ms);
  REQUIRE_FALSE(a.at(1).leads());
  a.elect(1, {2, 3});
  REQUIRE(a.at(1).leads());
  a.drop();
  a.submit(1, "a");
  a.drop();
  const auto commit = a.core(1).commit_index();

  a.give(2, old.what);

  REQUIRE(a.wire.size() == 1);
  CHECK(a.wire.front().what.what == kind::append_result);
  CHECK(a.wire.front().what.last_index == 0);
  a.deliver(2, 1);
  CHECK(a.core(1).commit_index() == commit);
}

TEST_CASE("a vote that comes when there is no election is nothing") {
  // Rule 5.
  raft_group a{3, voters_of({1, 2, 3})};
  a.elect(1, {2, 3});
  a.talk(1, {2, 3});
  const auto term = a.core(1).state().term;
  message late;
  late.what = kind::vote_result;
  late.peer = {2};
  late.term = term + 1;
  late.granted = late.pre_vote = true;

  a.give(1, late);
  CHECK(a.at(1).leads());
  late.peer = {1};
  a.give(2, late);

  CHECK(a.core(1).state().term == term);
  CHECK(a.core(2).state().term == term);
}

TEST_CASE("a rejection from the past does not undo what matches since") {
  // Rule 5: as the library would ask for an entry before those.
  raft_group a{3, voters_of({1, 2, 3})};
  a.elect(1, {2, 3});
  a.talk(1, {2, 3});
  for (auto x : {"a", "b", "c"}) {
    a.submit(1, x);
    a.talk(1, {2, 3});
  }
  const auto match = a.core(1).last_index();
  // 3 is out of reach until it is only asked with heartbeats.
  for (int i = 0; i < 30; ++i) {
    a.heartbeat(1);
    a.talk(1, 2);
    a.drop();
  }
  message late;
  late.what = kind::append_result;
  late.peer = {3};
  late.term = a.core(1).state().term;
  late.rejected = match;
  late.last_index = 1;

  a.give(1, late);
  a.drop();
  a.heartbeat(1);

  for (const auto& x : a.wire)
    if (x.to == 3)
      CHECK(x.what.prev_index == match);
  a.submit(1, "d");
  a.heartbeat(1);
  a.talk(1, 3);
  CHECK(commands(a, 3) == "abcd");
}

TEST_CASE("an append from before the floor takes nothing back") {
  // Rule 6.
  raft_group a{3, voters_of({1, 2, 3})};
  a.elect(1, {2, 3});
  a.drop();
  a.heartbeat(1);
  std::vector<message> old;
  for (const auto& x : a.wire)
    if (x.to == 3)
      old.push_back(x.what);
  REQUIRE(!old.empty());
  a.talk(1, {2, 3});
  for (auto x : {"a", "b", "c"}) {
    a.submit(1, x);
    a.talk(1, {2, 3});
  }
  a.heartbeat(1);
  a.talk(1, {2, 3});
  auto& it = a.core(3);
  const auto last = it.last_index();
  REQUIRE(it.commit_index() == last);
  REQUIRE(it.forget(a.now, last - 1));

  for (auto x : old) {
    x.leader_commit = last - 2;
    a.give(3, x);
    x.entries.clear();
    x.prev_index = x.prev_term = 0;
    a.give(3, x);
  }

  CHECK(it.commit_index() == last);
  CHECK(it.first_index() == last);
  CHECK(it.last_index() == last);
  for (const auto& x : a.wire)
    CHECK((x.what.rejected == 0 && x.what.last_index == last));
}

TEST_CASE("the only voter never leads a term twice") {
  // Rule 10: its standby has an entry that it lost.
  auto servers = with(voters_of({1}), 2, server_role::standby);
  raft_group a{2, servers};
  REQUIRE(a.at(1).leads());
  a.talk(1, 2);
  const auto term = a.core(1).state().term;
  a.hold_disk(1);
  a.submit(1, "lost");
  a.deliver(1, 2);
  REQUIRE(commands(a, 2) == "lost");
  a.crash(1);
  a.drop();
  a.release_disk(1);

  a.start(1);
  REQUIRE(a.at(1).leads());
  CHECK(a.core(1).state().term > term);
  a.submit(1, "kept");
  for (int i = 0; i < 4; ++i) {
    a.heartbeat(1);
    a.talk(1, 2);
  }

  CHECK(commands(a, 2) == "kept");
}

TEST_CASE("the only voter that was deposed leads a term of its own") {
  // Rule 10: the library would let it lead the one that deposed it.
  raft_group a{2, with(voters_of({1}), 2, server_role::standby)};
  message higher;
  higher.what = kind::append_result;
  higher.peer = {2};
  higher.term = 9;
  a.give(1, higher);
  REQUIRE_FALSE(a.at(1).leads());
  a.drop();

  a.hold_disk(1);
  a.tick(1, 2500ms);

  CHECK(a.at(1).leads());
  CHECK(a.core(1).state() == persistence::hard_state{10, 1});
  CHECK(a.wire.empty());
  a.release_disk(1);
  a.heartbeat(1);
  CHECK_FALSE(a.wire.empty());
}

TEST_CASE("a change leaves when the leader's own copy is durable") {
  // Rule 10.
  raft_group a{2, voters_of({1})};
  auto servers = with(voters_of({1}), 2, server_role::standby);
  a.hold_disk(1);
  REQUIRE(a.change(1, servers));
  a.heartbeat(1);

  for (const auto& x : a.wire)
    for (const auto& y : x.what.entries)
      CHECK_FALSE(is(y, entry_type::configuration));
  a.release_disk(1);
  for (int i = 0; i < 4; ++i) {
    a.heartbeat(1);
    a.talk(1, 2);
  }
  CHECK(a.core(2).servers() == servers);
}

TEST_CASE("a vote leaves when it is durable") {
  // Rule 3.
  raft_group a{3, voters_of({1, 2, 3})};
  a.hold_disk(2);
  a.elect(1, {3});
  message asks;
  asks.what = kind::vote;
  asks.peer = {1};
  asks.term = 9;
  asks.last_index = asks.last_term = 9;
  a.drop();

  a.give(2, asks);
  CHECK(a.wire.empty());
  a.crash(2);
  a.release_disk(2);
  a.start(2);
  CHECK(a.core(2).state().term < 9);
  a.give(2, asks);

  REQUIRE(a.wire.size() == 1);
  CHECK(a.wire.front().what.granted);
  CHECK(a.at(2).disk().state == persistence::hard_state{9, 1});
}

TEST_CASE("a leader that is no voter in it refuses a change") {
  // Rule 10: it hands over first.
  raft_group a{2, voters_of({1, 2})};
  a.elect(1, {2});
  a.talk(1, 2);
  a.heartbeat(1);
  a.talk(1, 2);

  CHECK_FALSE(a.change(1, voters_of({2})));
  REQUIRE(a.at(1).transfer(a.now, {2}));
  CHECK_FALSE(a.submit(1, "refused"));
  a.talk(1, 2);
  a.heartbeat(2);
  a.talk(1, 2);

  REQUIRE(a.at(2).leads());
  CHECK(a.change(2, voters_of({2})));
  CHECK(a.core(2).lone_voter());
}

TEST_CASE("a server that has not caught up is not made a voter") {
  // Rule 9.
  raft_group a{2, voters_of({1})};
  a.submit(1, "a");
  auto two = with(voters_of({1}), 2, server_role::spare);
  REQUIRE(a.change(1, two));
  CHECK_FALSE(a.change(1, voters_of({1, 2})));

  REQUIRE(a.at(1).catch_up(a.now, {2}));
  CHECK_FALSE(a.core(1).caught_up({2}));
  for (int i = 0; i < 4; ++i) {
    a.heartbeat(1);
    a.talk(1, 2);
  }

  CHECK(a.core(1).caught_up({2}));
  CHECK(a.change(1, voters_of({1, 2})));
  CHECK(commands(a, 2) == "a");
}

TEST_CASE("a standby of a quiet group may become a voter") {
  // The library ends a round only with a new entry.
  raft_group a{2, voters_of({1})};
  REQUIRE(a.change(1, with(voters_of({1}), 2, server_role::standby)));
  for (int i = 0; i < 4; ++i) {
    a.heartbeat(1);
    a.talk(1, 2);
  }

  CHECK(a.at(1).catch_up(a.now, {2}));
  CHECK(a.core(1).caught_up({2}));
  CHECK(a.change(1, voters_of({1, 2})));
}

TEST_CASE("two servers are not changed at once") {
  raft_group a{3, voters_of({1})};
  auto two = with(voters_of({1}), 2, server_role::standby);
  CHECK_FALSE(a.change(1, with(two, 3, server_role::standby)));
  CHECK(a.change(1, voters_of({1}))); // That it is they may be said again.
  a.hold_disk(1);
  REQUIRE(a.change(1, two));
  CHECK_FALSE(a.change(1, with(two, 3, server_role::standby)));
  a.release_disk(1);
  CHECK(a.change(1, with(two, 3, server_role::standby)));
}

TEST_CASE("a leader's timer never stays in the past") {
  // Rule 12: the library waits for somebody it does not write to.
  raft_group a{3, voters_of({1, 2, 3})};
  a.elect(1, {2, 3});
  a.talk(1, {2, 3});
  a.heartbeat(1);
  a.talk(1, {2, 3});
  REQUIRE(a.change(1, with(voters_of({1, 2}), 3, server_role::spare)));
  a.talk(1, 2);
  for (int i = 0; i < 5; ++i) {
    a.heartbeat(1);
    a.talk(1, 2);
    CHECK(a.core(1).deadline() > a.now);
  }
}

TEST_CASE("a lone voter needs no timer, and is one again after the others") {
  raft_group a{2, voters_of({1})};
  CHECK(a.core(1).deadline() == std::chrono::nanoseconds::max());
  auto two = with(voters_of({1}), 2, server_role::standby);
  REQUIRE(a.change(1, two));
  CHECK(a.core(1).deadline() <= a.now + 150ms);
  REQUIRE(a.change(1, voters_of({1})));
  CHECK(a.core(1).deadline() == std::chrono::nanoseconds::max());
}

TEST_CASE("who refuses a pre-vote tells its real term") {
  // Rule 11: 2 has the longer log, 1 the higher term; 3 is down.
  raft_group a{3, voters_of({1, 2, 3})};
  message asks;
  asks.what = kind::vote;
  asks.peer = {2};
  asks.term = 1;
  asks.pre_vote = true;
  asks.last_index = asks.last_term = 1;
  message newer;
  newer.what = kind::append;
  newer.peer = {3};
  newer.term = 9;
  a.give(1, newer);
  a.drop();
  a.tick(1, 2500ms);
  a.drop();

  a.give(1, asks);

  REQUIRE(a.wire.size() == 1);
  CHECK_FALSE(a.wire.front().what.granted);
  CHECK(a.wire.front().what.term == 9);
}

TEST_CASE("who does not know yet that it is a voter votes") {
  // Rule 11: three of four are up, and one of them missed its promotion.
  auto three = voters_of({1, 2, 3});
  raft_group a{4, three};
  a.elect(1, {2, 3});
  a.talk(1, {2, 3});
  a.heartbeat(1);
  a.talk(1, {2, 3});
  REQUIRE(a.change(1, with(three, 4, server_role::standby)));
  for (int i = 0; i < 4; ++i) {
    a.heartbeat(1);
    a.talk(1, {2, 3, 4});
  }
  REQUIRE(a.at(1).catch_up(a.now, {4}));
  a.talk(1, 4);
  REQUIRE(a.change(1, voters_of({1, 2, 3, 4})));
  a.talk(1, {2, 3});
  a.heartbeat(1);
  a.talk(1, {2, 3});
  REQUIRE(changes(a, 4) == 2);
  a.crash(1);
  a.drop();

  a.elect(2, {3, 4});

  CHECK(a.at(2).leads());
}

} // namespace raft_schedules_test
