#include "tests/sim/group.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <set>

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
