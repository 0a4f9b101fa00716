#include "tests/process/percentile.hpp"
#include "tests/sim/small_group.hpp"

#include "persistence/writes.hpp"

#include <algorithm>
#include <doctest/doctest.h>

namespace group_test {

using namespace iris;
using namespace iris::sim;
using namespace std::chrono_literals;

TEST_CASE("three replicas have what one of them was told") {
  small_group a{1};
  for (int i = 0; i < 20; ++i)
    a.put_now();
  CHECK(a.acked.size() == 20);
  a.expect_agreement();
}

TEST_CASE("a replica that differs is found, and made anew from the others") {
  small_group a{1, 3, compared()};
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
  small_group a{1, 3, compared()};
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
std::string compare_all(small_group& a, std::uint64_t number) {
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
member& stopped_follower(small_group& a) {
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
    small_group a{1, count, compared()};
    for (int i = 0; i < 10; ++i)
      a.put_now();
    CHECK(compare_all(a, 1) == std::string(count, '='));
    a.put_now();
    CHECK(compare_all(a, 2) == std::string(count, '='));
    a.expect_agreement();
  }
}

TEST_CASE("a value that is another on one disk is found, and made anew") {
  small_group a{1, 3, compared()};
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
  small_group a{1, 3, compared()};
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
  small_group a{1, 3, compared()};
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
  small_group a{1, 3, compared()};
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
  small_group a{1, 3, tiny_logs()};
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
  small_group a{1, 2, compared()};
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
  small_group a{1, 3};
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
  small_group a{1, 3, compared()};
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
  small_group alone{1, 1};
  alone.put_now();
  auto refused = alone.await_leader().shard().rebuild();
  CHECK(refused.failure().code == errc::unavailable);

  small_group a{1, 3};
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
  small_group a{2};
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
    small_group a{seed};
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

TEST_CASE("when replicas that were apart are linked again, one leads soon") {
  std::vector<std::chrono::nanoseconds> took;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    small_group a{seed};
    a.put_now();
    for (auto& x : a.all)
      a.isolate(*x, true);
    a.here.run(10s);
    CHECK(a.leader() == nullptr);

    a.board.heal();
    auto linked = [&] {
      return std::any_of(a.all.begin(), a.all.end(), [&](auto& x) {
        return a.board.links_of(x->id()) > 0;
      });
    };
    REQUIRE(a.here.run(10s, linked));
    auto from = a.here.steady_now();
    a.await_leader();
    took.push_back(a.here.steady_now() - from);
    a.put_now();
    a.expect_agreement();
  }
  MESSAGE("p50 ", process::percentile(took, 50), ", p90 ",
          process::percentile(took, 90), ", at most ",
          process::percentile(took, 100), " ms");
  // By election time-outs alone it takes up to 1.2 s.
  CHECK(process::percentile(took, 100) <= 600);
}

TEST_CASE("who was away is behind until it has what was committed meanwhile") {
  small_group a{1};
  auto& away = stopped_follower(a);
  auto write = [&] {
    for (int i = 0; i < 30; ++i)
      a.put_now();
    a.here.run(5s); // By then a link that is cut breaks.
  };
  auto seen = 0;
  auto expect_behind = [&] {
    auto upto = a.leader()->applied().index;
    auto up_to_date = [&] {
      auto has = away.applied().index >= upto;
      if (away.knows() && !has) {
        CHECK(away.behind());
        ++seen;
      }
      return has && !away.behind();
    };
    CHECK(a.here.run(10s, up_to_date));
  };

  write();
  away.start();
  expect_behind();
  CHECK(std::exchange(seen, 0) > 0);

  a.isolate(away, true);
  write();
  CHECK_FALSE(away.knows());
  CHECK(away.behind());
  a.isolate(away, false);
  expect_behind();
  CHECK(seen > 0);
  for (auto& x : a.all)
    CHECK_FALSE(x->behind());
}

TEST_CASE("nothing is acknowledged without a majority") {
  small_group a{3};
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
  small_group a{5};
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
  small_group a{6, 1};
  auto confirmed = false;
  CHECK_FALSE(a.all.front()->shard().alone());
  a.await_leader().shard().confirm([&] { confirmed = true; });
  CHECK(confirmed);
}

TEST_CASE("one voter with peers has logged only what is committed") {
  small_group a{1, 1};
  auto& one = a.await_leader();
  auto logged = false, committed = false;
  persistence::writes what;
  what.put(member::key(1), "value");

  one.shard().stage(what, {[&] { logged = true; }, [&] { committed = true; }});
  REQUIRE(a.here.run(1s, [&] { return logged; }));
  CHECK(committed);
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
  small_group a{seed, count,
                random.chance(50) ? tiny_logs() : member::options{}};
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

TEST_CASE("a read of what is staged sees it, though the group changes") {
  small_group a{1};
  a.put_now();
  auto& leader = a.await_leader();
  auto first = leader.shard().next_entry();
  a.put(leader);
  a.here.run(10us); // The turn ends, and the entry is on its way.
  REQUIRE(leader.shard().next_entry() == first + 1);

  auto open = a.put(leader);
  std::string seen;
  leader.shard().read_staged([&](const persistence::state_store& store) {
    auto found = store.get(member::key(open));
    REQUIRE(found);
    seen = found->value_or("nothing");
  });
  auto goes = a.all[0].get() == &leader ? a.all[1]->id() : a.all[0]->id();
  cluster::placement fewer;
  for (auto& x : a.all)
    if (x->id() != goes)
      fewer.voters.push_back(x->id());
  leader.place(fewer);

  REQUIRE(a.here.run(5s, [&] { return !seen.empty(); }));
  CHECK(seen == "value " + std::to_string(open));
}

} // namespace group_test
