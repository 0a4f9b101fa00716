#include "tests/sim/group.hpp"

#include "persistence/writes.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <set>

namespace group_test {

using namespace iris;
using namespace iris::sim;
using namespace std::chrono_literals;

namespace {

/// Some replicas of one shard, and a client who writes to whoever leads.
struct replicas {
  explicit replicas(std::uint64_t seed, std::size_t count = 3,
                    member::options with = {})
    : here(seed) {
    for (std::uint64_t i = 1; i <= count; ++i)
      with.voters.push_back({i});
    for (auto id : with.voters)
      all.push_back(std::make_unique<member>(here, board, id, with));
    for (auto& x : all)
      x->start();
  }

  member* leader() {
    for (auto& x : all)
      if (x->running() && x->shard().leading())
        return x.get();
    return nullptr;
  }

  member& await_leader() {
    REQUIRE(here.run(30s, [this] { return leader() != nullptr; }));
    return *leader();
  }

  /// The next value, to `to`.
  std::uint64_t put(member& to) {
    auto n = next++;
    to.put(n, "value " + std::to_string(n), [this, n] { acked.insert(n); });
    return n;
  }

  /// Until it is acknowledged; who leads no more forgets what it was told.
  void put_now() {
    for (int tries = 0; tries < 10; ++tries) {
      auto done = [this, n = put(await_leader())] { return acked.contains(n); };
      if (here.run(3s, done))
        return;
    }
    FAIL("nothing is acknowledged");
  }

  void isolate(const member& which, bool yes) {
    for (auto& x : all) {
      board.block(which.id(), x->id(), yes);
      board.block(x->id(), which.id(), yes);
    }
  }

  /// Everybody has all that was acknowledged, and the same besides.
  void expect_agreement() {
    auto agree = [this] {
      auto* from = leader();
      if (!from || from->shard().lag() > 0)
        return false;
      for (auto& x : all)
        if (x->applied() != from->applied())
          return false;
      return true;
    };
    CHECK(here.run(30s, agree));
    auto contents = all.front()->contents();
    for (auto n : acked) {
      auto found = contents.find(std::to_string(n));
      REQUIRE(found != contents.end());
      CHECK(found->second == "value " + std::to_string(n));
    }
    for (auto& x : all) {
      CAPTURE(x->id().value);
      CHECK_FALSE(x->stopped());
      CHECK(x->applied() == all.front()->applied());
      CHECK(x->contents() == contents);
    }
  }

  world here;
  switchboard board{here};
  std::vector<std::unique_ptr<member>> all;
  std::uint64_t next = 1;
  std::set<std::uint64_t> acked;
};

/// All that is applied is durable at once, and compared at entry 64.
member::options compared() {
  member::options out;
  out.log_bytes_max = 1;
  out.checkpoint_every = 64;
  return out;
}

/// Logs that are cut after a few entries.
member::options tiny_logs() {
  member::options out;
  out.log_bytes_max = 400;
  out.trailing_bytes = 50;
  return out;
}

} // namespace

TEST_CASE("three replicas have what one of them was told") {
  replicas a{1};
  for (int i = 0; i < 20; ++i)
    a.put_now();
  CHECK(a.acked.size() == 20);
  a.expect_agreement();
}

TEST_CASE("a replica that differs is found, and made anew from the others") {
  replicas a{1, 3, compared()};
  for (int i = 0; i < 10; ++i)
    a.put_now();
  a.here.run(1s);
  auto& wrong = a.leader() == a.all[0].get() ? *a.all[1] : *a.all[0];
  wrong.crash();
  wrong.falsify(1, "nobody wrote this");
  wrong.start();

  for (int i = 0; i < 60; ++i)
    a.put_now();
  a.here.run(5s);

  CHECK(wrong.differed() == std::vector<std::uint64_t>{64});
  CHECK(wrong.copies() == 1);
  for (auto& x : a.all)
    CHECK((x->differed().empty() || x.get() == &wrong));
  a.expect_agreement();
}

TEST_CASE("a leader that differs from both others leads no more") {
  replicas a{1, 3, compared()};
  for (int i = 0; i < 10; ++i)
    a.put_now();
  a.here.run(1s);
  auto& wrong = *a.all[0];
  wrong.crash();
  wrong.falsify(1, "nobody wrote this");
  wrong.start();
  for (int i = 0; i < 20 && &a.await_leader() != &wrong; ++i) {
    auto* other = a.leader();
    a.isolate(*other, true);
    a.here.run(5s);
    a.isolate(*other, false);
    a.here.run(1s);
  }
  REQUIRE(a.leader() == &wrong);

  for (int i = 0; i < 60; ++i)
    a.put_now();
  a.here.run(5s);

  CHECK(wrong.differed() == std::vector<std::uint64_t>{64});
  CHECK(wrong.copies() == 1);
  a.expect_agreement();
}

namespace {

/// How the voters stand once they have compared all that they hold.
std::string compare_all(replicas& a, std::uint64_t number) {
  std::string out;
  auto over = [&] {
    auto* leader = a.leader();
    auto found = leader
                   ? leader->shard().compare_all(number)
                   : result<cluster::comparison>{error{errc::not_leader, {}}};
    if (!found || !found->over)
      return false;
    out.clear();
    for (const auto& x : found->replicas) {
      out += "-=!u"[static_cast<int>(x.is)];
      out += x.damage.empty() ? "" : "x";
    }
    return true;
  };
  for (int i = 0; i < 100 && !over(); ++i)
    a.here.run(100ms);
  return out;
}

/// One of three that does not lead, stopped.
member& stopped_follower(replicas& a) {
  for (int i = 0; i < 10; ++i)
    a.put_now();
  a.here.run(1s);
  auto& out = a.leader() == a.all[0].get() ? *a.all[1] : *a.all[0];
  out.crash();
  return out;
}

std::string standing_of(const member& who, char letter) {
  std::string out = "===";
  out[who.id().value - 1] = letter;
  return out;
}

} // namespace

TEST_CASE("replicas that hold the same are found to") {
  for (std::size_t count : {1U, 3U, 5U}) {
    replicas a{1, count, compared()};
    for (int i = 0; i < 10; ++i)
      a.put_now();
    CHECK(compare_all(a, 1) == std::string(count, '='));
    a.put_now();
    CHECK(compare_all(a, 2) == std::string(count, '='));
    a.expect_agreement();
  }
}

TEST_CASE("a value that is another on one disk is found, and made anew") {
  replicas a{1, 3, compared()};
  auto& wrong = stopped_follower(a);
  wrong.damage(1, persistence::checked_value(member::key(1), "nobody's"));
  wrong.start();
  a.put_now();
  a.here.run(1s);
  REQUIRE(wrong.contents().at("1") == "nobody's");

  CHECK(compare_all(a, 1) == standing_of(wrong, '!'));

  a.here.run(5s);
  CHECK(wrong.differed().size() == 1);
  CHECK(wrong.copies() == 1);
  a.expect_agreement();
  CHECK(compare_all(a, 2) == "===");
}

TEST_CASE("a value that is damaged on one disk is told, and made anew") {
  replicas a{1, 3, compared()};
  auto& wrong = stopped_follower(a);
  wrong.damage(1, "no such checksum");
  wrong.start();
  a.put_now();

  auto expected = standing_of(wrong, '!');
  expected.insert(wrong.id().value, "x");
  CHECK(compare_all(a, 1) == expected);

  a.here.run(5s);
  CHECK(wrong.copies() == 1);
  a.expect_agreement();
}

TEST_CASE("two that are damaged alike are no majority against a sound one") {
  replicas a{1, 3, compared()};
  for (int i = 0; i < 3; ++i)
    a.put_now();
  a.here.run(1s);
  auto& sound = *a.all[2];
  auto before = sound.contents();
  for (auto* x : {a.all[0].get(), a.all[1].get()}) {
    x->crash();
    x->damage(1, "no such checksum");
    x->start();
  }
  a.await_leader();

  CHECK(compare_all(a, 1) == "uxuxu");

  a.here.run(5s);
  for (auto& x : a.all)
    CHECK(x->copies() == 0);
  CHECK(sound.contents() == before);
}

TEST_CASE("a leader that holds something else says so, then leads no more") {
  replicas a{1, 3, compared()};
  auto& wrong = stopped_follower(a);
  wrong.damage(1, persistence::checked_value(member::key(1), "nobody's"));
  wrong.start();
  for (int i = 0; i < 20 && &a.await_leader() != &wrong; ++i) {
    auto* other = a.leader();
    a.isolate(*other, true);
    a.here.run(5s);
    a.isolate(*other, false);
    a.here.run(1s);
  }
  REQUIRE(a.leader() == &wrong);

  CHECK(compare_all(a, 1) == standing_of(wrong, '!'));

  a.here.run(5s);
  CHECK(wrong.copies() == 1);
  CHECK(&a.await_leader() != &wrong);
  a.expect_agreement();
}

TEST_CASE("who was away or copied behind the mark is compared behind another") {
  replicas a{1, 3, tiny_logs()};
  auto& late = stopped_follower(a);
  CHECK(compare_all(a, 1) == "");
  auto before = a.leader()->shard().compare_all(1);
  REQUIRE(before);
  CHECK_FALSE(before->over);
  for (int i = 0; i < 30; ++i)
    a.put_now();

  late.start();

  CHECK(compare_all(a, 1) == "===");
  CHECK(late.copies() == 1);
  CHECK(a.leader()->shard().compare_all(1)->index > before->index);
  a.expect_agreement();
}

TEST_CASE("two hold two things: nobody knows which is right") {
  replicas a{1, 2, compared()};
  for (int i = 0; i < 3; ++i)
    a.put_now();
  a.here.run(1s);
  auto& wrong = *a.all[0];
  wrong.crash();
  wrong.damage(1, persistence::checked_value(member::key(1), "nobody's"));
  wrong.start();
  a.await_leader();

  CHECK(compare_all(a, 1) == "uu");

  a.here.run(5s);
  CHECK(wrong.copies() == 0);
}

TEST_CASE("one comparison of a shard at a time") {
  replicas a{1, 3};
  a.put_now();
  auto& leader = a.await_leader();
  REQUIRE(leader.shard().compare_all(1));

  auto other = leader.shard().compare_all(2);

  REQUIRE_FALSE(other);
  CHECK(other.failure().code == errc::unavailable);
  a.here.run(6s);
  CHECK(compare_all(a, 2) == "===");
  for (auto& x : a.all)
    if (x.get() != &leader) {
      CHECK(x->shard().compare_all(3).failure().code == errc::not_leader);
    }
}

TEST_CASE("a replica is made anew when it is asked to, if another leads") {
  replicas a{1, 3, compared()};
  a.put_now();
  auto& leader = a.await_leader();
  auto& other = *a.all[leader.id() == node_id{1} ? 1 : 0];
  a.here.run(1s); // All know who leads.

  CHECK(other.shard().rebuild());
  a.here.run(5s);
  CHECK(other.copies() == 1);
  REQUIRE(a.leader() == &leader);
  // All asked at once: one that has the state is left.
  for (auto& x : a.all)
    if (x.get() != &leader) {
      CHECK(x->shard().rebuild());
    }
  CHECK(leader.shard().rebuild().failure().code == errc::illegal_state);
  a.here.run(10s);
  a.put_now();
  a.here.run(5s);

  CHECK(leader.copies() == 0);
  CHECK(other.copies() > 1);
  a.expect_agreement();
}

TEST_CASE("a replica whose state nobody else is known to have keeps it") {
  replicas alone{1, 1};
  alone.put_now();
  auto refused = alone.await_leader().shard().rebuild();
  CHECK(refused.failure().code == errc::unavailable);

  replicas a{1, 3};
  a.put_now();
  auto& left = *a.all[0];
  for (auto& x : a.all)
    if (x.get() != &left)
      x->crash();
  a.here.run(10s);
  refused = left.shard().rebuild();
  CHECK(refused.failure().code == errc::unavailable);
  CHECK(left.copies() == 0);
  for (auto& x : a.all)
    if (!x->running())
      x->start();
  a.put_now();
  a.expect_agreement();
}

TEST_CASE("what was acknowledged outlives the leader's power") {
  replicas a{2};
  a.put_now();
  auto& first = a.await_leader();
  a.put_now();
  first.crash();

  a.put_now();
  CHECK(&a.await_leader() != &first);
  first.start();
  a.put_now();
  a.expect_agreement();
}

TEST_CASE("when the leader's process dies, another leads at once") {
  auto at_once = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    replicas a{seed};
    a.put_now();
    auto& dead = a.await_leader();
    dead.crash();
    // A quarter lose their power, and tell nobody.
    at_once += a.here.run(500ms, [&] { return a.leader() != nullptr; });
    CHECK(&a.await_leader() != &dead);
    dead.start();
    a.put_now();
    a.expect_agreement();
  }
  CHECK(at_once >= 25);
}

TEST_CASE("nothing is acknowledged without a majority") {
  replicas a{3};
  a.put_now();
  auto& leader = a.await_leader();
  a.here.run(1s); // Nothing is in flight.
  for (auto& x : a.all)
    if (x.get() != &leader)
      x->crash();
  auto n = a.put(leader);
  a.here.run(10s);

  CHECK_FALSE(a.acked.contains(n));
  CHECK_FALSE(leader.shard().leading());
  for (auto& x : a.all)
    if (!x->running())
      x->start();
  a.put_now();
  a.expect_agreement();
}

TEST_CASE("who was deposed and doesn't know confirms nothing") {
  replicas a{5};
  a.put_now();
  auto& old = a.await_leader();
  auto confirmed = 0;
  old.shard().confirm([&] { ++confirmed; });
  a.here.run(1s);
  CHECK(confirmed == 1);

  // The others hear it no more, but it hears them.
  for (auto& x : a.all)
    if (x.get() != &old)
      a.board.block(old.id(), x->id(), true);
  auto others_lead = [&] {
    return std::any_of(a.all.begin(), a.all.end(), [&](auto& x) {
      return x.get() != &old && x->shard().leading();
    });
  };
  while (!others_lead()) {
    if (old.shard().leading())
      old.shard().confirm([&] { ++confirmed; });
    a.here.run(10ms);
  }
  CHECK(confirmed == 1);
  // Nor does it once it knows, to those who have not ended yet.
  a.here.run(10s, [&] { return !old.shard().leading(); });
  CHECK_FALSE(old.shard().alone());
}

TEST_CASE("a lone replica confirms at once") {
  replicas a{6, 1};
  auto confirmed = false;
  CHECK_FALSE(a.all.front()->shard().alone());
  a.await_leader().shard().confirm([&] { confirmed = true; });
  CHECK(confirmed);
}

TEST_CASE("a replica that is behind its leader's log copies the state") {
  replicas a{4, 3, tiny_logs()};
  a.put_now();
  auto& late = *a.all[a.await_leader().id() == node_id{1} ? 1 : 0];
  late.crash();
  for (int i = 0; i < 50; ++i)
    a.put_now();
  late.start();
  a.put_now();
  a.expect_agreement();

  CHECK(late.copies() == 1);
  // And can lead with it.
  for (int i = 0; i < 20 && &a.await_leader() != &late; ++i) {
    auto& leader = a.await_leader();
    leader.crash();
    a.put_now();
    leader.start();
    a.here.run(3s);
  }
  CHECK(&a.await_leader() == &late);
  a.put_now();
  a.expect_agreement();
}

TEST_CASE("a leader keeps its log for who is away, and no more than it may") {
  auto options = tiny_logs();
  auto all = true;
  SUBCASE("all that it lacks") {
    options.lagging_bytes = 64 * 1024;
  }
  SUBCASE("not all") {
    options.lagging_bytes = 400;
    all = false;
  }
  replicas a{4, 3, options};
  a.put_now();
  auto& leader = a.await_leader();
  auto& late = *a.all[leader.id() == node_id{1} ? 1 : 0];
  late.crash();
  for (int i = 0; i < 50; ++i)
    a.put_now();
  a.here.run(1s);
  CHECK(leader.kept() > (all ? 50 : 10));
  CHECK(leader.kept() < (all ? 60 : 40));

  late.start();
  a.put_now();
  a.expect_agreement();

  CHECK(&a.await_leader() == &leader);
  CHECK(late.copies() == (all ? 0 : 1));
  // What all have is kept no longer.
  for (int i = 0; i < 20; ++i)
    a.put_now();
  a.here.run(1s);
  CHECK(leader.kept() < 25);
}

TEST_CASE("a replica whose power fails while it copies begins anew") {
  auto reached = 0;
  for (std::uint64_t n = 1; n < 60; ++n) {
    replicas a{n, 3, tiny_logs()};
    a.put_now();
    auto& late = *a.all[a.await_leader().id() == node_id{1} ? 1 : 0];
    late.crash();
    for (int i = 0; i < 30; ++i)
      a.put_now();
    late.start();
    a.here.run(30s, [&] { return late.copies() == 1; });
    a.here.run(std::chrono::microseconds{100 * n});
    late.crash();
    late.start();
    a.put_now();
    CAPTURE(n);
    a.expect_agreement();
    reached += late.copies() > 1 ? 1 : 0;
  }
  CHECK(reached > 5);
}

TEST_CASE("a copy outlives the power failing between its log and its state") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    replicas a{seed, 3, tiny_logs()};
    a.put_now();
    auto& late = *a.all[a.await_leader().id() == node_id{1} ? 1 : 0];
    late.crash();
    for (int i = 0; i < 30; ++i)
      a.put_now();
    late.start();
    auto before = late.floor().index;
    REQUIRE(a.here.run(30s, [&] { return late.floor().index > before; }));
    late.crash();
    late.start();
    a.put_now();
    a.expect_agreement();
  }
}

TEST_CASE("a copy goes on without a leader when it takes one to have one") {
  replicas a{11, 3, tiny_logs()};
  a.put_now();
  auto& leader = a.await_leader();
  std::vector<member*> others;
  for (auto& x : a.all)
    if (x.get() != &leader)
      others.push_back(x.get());
  others[0]->crash();
  for (int i = 0; i < 30; ++i)
    a.put_now();
  others[1]->crash();
  others[0]->start();
  REQUIRE(a.here.run(30s, [&] { return others[0]->copies() == 1; }));
  leader.crash();
  // By then it has given that one up.
  a.here.run(10s);
  leader.start();
  a.put_now();
  others[1]->start();
  a.put_now();
  a.expect_agreement();
}

TEST_CASE("a replica copies once while others write") {
  replicas a{9, 3, tiny_logs()};
  a.put_now();
  auto& leader = a.await_leader();
  auto& late = *a.all[leader.id() == node_id{1} ? 1 : 0];
  late.crash();
  std::uint64_t n = 1'000;
  auto write = [&] {
    auto before = leader.applied().index;
    leader.put(n++, std::string(3'000, 'x'), [] {});
    REQUIRE(a.here.run(1s, [&] { return leader.applied().index > before; }));
  };
  while (n < 1'200)
    write();
  late.start();
  while (n < 2'500)
    write();

  CHECK(late.copies() == 1);
  CHECK(late.applied().index + 20 > leader.applied().index);
  a.expect_agreement();
}

namespace {

/// As if another leader had cut its log behind what this one has.
void tell_behind(member& who, node_id by, std::uint64_t term) {
  cluster::raft::message what;
  what.what = cluster::raft::message::kind::install;
  what.peer = by;
  what.term = term;
  what.floor = {1'000'000, term, {}, 1};
  who.shard().receive(std::move(what));
}

} // namespace

TEST_CASE("a replica that copied while its log was being cut cuts it later") {
  replicas a{7, 3, tiny_logs()};
  auto& late = *a.all.front();
  for (std::uint64_t i = 1; i <= 40; ++i) {
    auto before = late.applied().index;
    a.put_now();
    a.here.run(1s, [&] { return late.applied().index > before; });
    a.here.run(std::chrono::microseconds{a.here.random().below(1500)});
    tell_behind(late, {2}, 100 * i);
    a.here.run(5s);
  }
  CHECK(late.copies() > 20);
  for (int i = 0; i < 40; ++i)
    a.put_now();
  a.expect_agreement();
  CHECK(late.floor().index + 20 > late.applied().index);
}

namespace {

/// Things go wrong at random while the client writes; then all is well.
struct outcome {
  std::size_t acked = 0;
  int copies = 0;
};

outcome storm(std::uint64_t seed) {
  CAPTURE(seed);
  random_source random{seed};
  auto count = random.chance(20) ? 5U : random.chance(10) ? 1U : 3U;
  replicas a{seed, count, random.chance(50) ? tiny_logs() : member::options{}};
  a.board.set({static_cast<unsigned>(random.below(20)),
               static_cast<unsigned>(random.below(20)),
               static_cast<unsigned>(random.below(20)),
               static_cast<unsigned>(random.below(5))});
  std::vector<node_id> ids;
  for (auto& x : a.all)
    ids.push_back(x->id());
  for (int i = 0; i < 150; ++i) {
    a.here.run(std::chrono::milliseconds{random.below(100)});
    auto& one = *a.all[random.below(count)];
    auto what = random.below(100);
    if (what < 70) {
      for (auto& x : a.all)
        if (x->running() && x->shard().leading())
          a.put(*x);
    } else if (what < 80) {
      if (one.running())
        one.crash();
      else
        one.start();
    } else if (what < 83 && count > 1) {
      a.board.split(static_cast<partition>(random.below(partitions)), ids);
    } else if (what < 90) {
      a.board.heal();
    }
  }
  a.board.heal();
  a.board.set({});
  for (auto& x : a.all)
    if (!x->running())
      x->start();
  a.put_now();
  a.expect_agreement();
  outcome out;
  out.acked = a.acked.size();
  for (auto& x : a.all)
    out.copies += x->copies();
  return out;
}

} // namespace

TEST_CASE("one voter with peers has logged only what is committed") {
  replicas a{1, 1};
  auto& one = a.await_leader();
  auto logged = false, committed = false;
  persistence::writes what;
  what.put(member::key(1), "value");

  one.shard().stage(what, {[&] { logged = true; }, [&] { committed = true; }});
  REQUIRE(a.here.run(1s, [&] { return logged; }));
  CHECK(committed);
}

TEST_CASE("a group stands what befalls it") {
  outcome all;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    auto one = storm(seed);
    all.acked += one.acked;
    all.copies += one.copies;
  }
  CHECK(all.acked > 3000);
  CHECK(all.copies > 30);
}

} // namespace group_test
