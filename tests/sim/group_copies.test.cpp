// Replicas that lack what their leader's log no longer has, and copy its state.
#include "tests/sim/small_group.hpp"

#include <algorithm>

namespace group_copies_test {

using namespace iris;
using namespace iris::sim;
using namespace std::chrono_literals;

TEST_CASE("a replica that is behind its leader's log copies the state") {
  small_group a{4, 3, tiny_logs()};
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
  small_group a{4, 3, options};
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
    small_group a{n, 3, tiny_logs()};
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
    small_group a{seed, 3, tiny_logs()};
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
  small_group a{11, 3, tiny_logs()};
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

TEST_CASE("who lost its log copies the state of a later leader, and votes") {
  small_group a{5};
  for (int i = 0; i < 10; ++i)
    a.put_now();
  a.here.run(1s);
  auto& leader = a.await_leader();
  auto& late = *a.all[leader.id() == node_id{1} ? 1 : 0];
  auto before = leader.shard().term();
  late.crash();
  late.lose_log();

  late.start();
  a.put_now();
  a.expect_agreement();
  CHECK(late.copies() == 1);
  CHECK(a.await_leader().shard().term() == before + 1);
  // It is needed now.
  a.await_leader().crash();
  a.put_now();
}

TEST_CASE("who lost its log votes for nobody who may lack what it had") {
  small_group a{6};
  for (int i = 0; i < 10; ++i)
    a.put_now();
  a.here.run(1s);
  auto& leader = a.await_leader();
  std::vector<member*> others;
  for (auto& x : a.all)
    if (x.get() != &leader)
      others.push_back(x.get());
  auto& late = *others[0];
  a.isolate(*others[1], true);
  leader.stall_state(10s);
  a.put_now();
  late.crash();
  late.lose_log();

  // The leader's image has less than that.
  late.start();
  a.here.run(3s, [&] { return late.floor().index > 0; });
  leader.crash();
  a.isolate(*others[1], false);
  CHECK_FALSE(a.here.run(20s, [&] { return a.leader() != nullptr; }));

  leader.start();
  a.put_now();
  a.expect_agreement();
}

TEST_CASE("a replica copies once while others write") {
  small_group a{9, 3, tiny_logs()};
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
  small_group a{7, 3, tiny_logs()};
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

} // namespace group_copies_test
