#include "tests/sim/moving_group.hpp"
#include "cluster/plan.hpp"

#include <algorithm>
#include <doctest/doctest.h>

namespace moving_group_test {

using namespace iris;
using namespace iris::sim;
using namespace std::chrono_literals;

namespace {

cluster::placement to(std::initializer_list<std::uint64_t> voters) {
  cluster::placement out;
  for (auto x : voters)
    out.voters.push_back({x});
  return out;
}

member::options tiny_logs() {
  member::options out;
  out.log_bytes_max = 400;
  out.trailing_bytes = 50;
  return out;
}

void expect_well(moving_group& a) {
  a.settle();
  for (const auto& x : a.problems())
    FAIL_CHECK(x);
}

void put(moving_group& a, int n) {
  for (int i = 0; i < n; ++i) {
    auto before = a.acked();
    a.put();
    REQUIRE(a.run(5s, [&] { return a.acked() > before; }));
  }
}

} // namespace

TEST_CASE("who was wanted is needed until its group does without") {
  auto before = cluster::initial_map(
    {{{1}, "", ""}, {{2}, "", ""}, {{3}, "", ""}, {{4}, "", ""}}, 1, 3);
  before.control.voters = {{1}, {2}, {3}};
  before.shards[0].voters = {{1}, {2}, {4}};
  // It had no vote yet, and may be given one.
  before.shards[0].actual = {{1}, {2}, {3}};
  auto next = before;
  next.control.actual = next.control.voters;
  next.shards[0].voters = {{1}, {2}, {3}};

  cluster::revise(next, before);

  CHECK(next.shards[0].revision == before.shards[0].revision + 1);
  CHECK(next.shards[0].dropped == std::vector<node_id>{{4}});
  CHECK_FALSE(cluster::empty(next, {4}));
  next.shards[0].dropped.clear();
  CHECK(cluster::empty(next, {4}));
}

TEST_CASE("a group of one grows to three, moves, and shrinks back") {
  moving_group a{1, 4, 1, tiny_logs()};
  a.start();
  expect_well(a);
  put(a, 20);
  for (auto next : {to({1, 2, 3}), to({2, 3, 4}), to({4, 3, 1}), to({1})}) {
    a.place(next);
    expect_well(a);
    put(a, 10);
  }
  CHECK(a.acked() >= 60);
}

TEST_CASE("a group moves while it is written to all the time") {
  moving_group a{12, 4, 1};
  a.start();
  expect_well(a);
  for (auto next : {to({1, 2, 3}), to({2, 3, 4}), to({3, 4, 1})}) {
    a.place(next);
    for (int i = 0; i < 10'000; ++i) {
      a.put();
      a.run(1ms);
    }
    expect_well(a);
  }
  for (auto id : a.ids())
    CHECK_FALSE(a.at(id.value).stopped());
}

TEST_CASE("who joins a group waits until it is contacted") {
  moving_group a{2, 2, 1};
  a.at(2).start();
  a.run(30s);
  CHECK_FALSE(a.at(2).knows());
  CHECK(a.at(2).applied().index == 0);

  a.at(1).start();
  a.place(to({1, 2}));
  expect_well(a);
}

TEST_CASE("who was removed keeps quiet, and goes on when it is added again") {
  moving_group a{3, 3, 3};
  a.start();
  expect_well(a);
  put(a, 5);
  a.place(to({1, 2}));
  expect_well(a);
  auto had = a.at(3).applied().index;
  put(a, 20);
  a.run(60s);
  CHECK(a.leader() == &a.at(1));
  CHECK(a.at(3).applied().index == had);

  a.place(to({1, 2, 3}));
  expect_well(a);
  CHECK(a.at(3).copies() == 0);
}

TEST_CASE("a dead node's replica is made elsewhere") {
  moving_group a{4, 4, 3};
  a.start();
  expect_well(a);
  put(a, 5);
  a.at(1).crash();
  a.place(to({2, 3, 4}));
  expect_well(a);
}

TEST_CASE("no voter goes while the others could not do without it") {
  moving_group a{5, 3, 3};
  a.start();
  expect_well(a);
  put(a, 5);
  a.at(2).crash();
  a.run(3s);
  a.place(to({1, 2}));
  a.run(30s);
  CHECK(a.servers().size() == 3);
  put(a, 5);

  a.at(2).start();
  expect_well(a);
}

TEST_CASE("a change that is not committed is not told") {
  moving_group a{6, 4, 3};
  a.start();
  expect_well(a);
  put(a, 1);
  for (auto other : {1, 2, 3, 4})
    for (auto x : {2, 3})
      if (other != x)
        a.board().block({static_cast<std::uint64_t>(x)},
                        {static_cast<std::uint64_t>(other)}, true);
  a.place(to({1, 2, 3, 4}));
  a.run(20s);
  CHECK(a.changes() == 1);

  a.board().heal();
  a.place(to({1, 2, 3, 4}));
  expect_well(a);
}

namespace {

cluster::placement revised(std::uint64_t revision, cluster::placement out,
                           std::vector<node_id> dropped = {}) {
  out.revision = revision;
  out.dropped = std::move(dropped);
  return out;
}

} // namespace

TEST_CASE("a group says which placement it follows, whoever has yet to come") {
  moving_group a{10, 5, 3};
  a.start();
  expect_well(a);
  a.at(5).crash();
  // Nothing is free by it, and nothing else is to be done.
  a.place(revised(6, to({1, 2, 3})));
  a.run(20s);
  CHECK(a.committed().revision == 0);

  a.place(revised(7, to({1, 2, 5}), {{3}, {4}}));
  a.run(20s);
  CHECK(a.committed().revision == 7);
  CHECK(votes(a.servers(), {3}));
  CHECK_FALSE(votes(a.servers(), {5}));

  // As it is, but for who was to come.
  a.place(revised(8, to({1, 2, 3}), {{5}}));
  expect_well(a);
  auto index = a.committed().index;
  a.place(revised(9, to({1, 2, 3}), {{5}}));
  a.run(20s);
  CHECK(a.committed().revision == 9);
  CHECK(a.committed().index > index);
  CHECK(a.servers().size() == 3);
}

TEST_CASE("who has not heard of the newest placement changes nothing") {
  moving_group a{11, 3, 3, tiny_logs()};
  a.start();
  a.place(revised(1, to({1, 2, 3})));
  expect_well(a);
  a.place(revised(2, to({1}), {{2}, {3}}));
  expect_well(a);
  put(a, 20); // The log is cut behind it.

  a.at(1).crash();
  a.at(1).place(revised(1, to({1, 2, 3})));
  a.at(1).start();
  REQUIRE(a.run(20s, [&] { return a.leader() == &a.at(1); }));
  a.run(20s);
  CHECK(a.servers() == cluster::raft::configuration{{{1}}});

  a.place(revised(3, to({1, 2, 3})));
  expect_well(a);
  CHECK(a.committed().revision == 3);
}

TEST_CASE("leadership goes to where it is wanted, and not to and fro") {
  moving_group a{7, 3, 3};
  a.start();
  a.place(to({2, 1, 3}));
  expect_well(a);
  // One of them has not heard.
  for (auto x : {1, 3})
    a.at(static_cast<std::size_t>(x)).place(to({1, 2, 3}));
  auto turns = 0;
  auto last = a.leader();
  a.at(2).place(to({1, 2, 3}));
  a.at(1).place(to({2, 1, 3}));
  for (int i = 0; i < 600; ++i) {
    a.run(100ms);
    if (auto* now = a.leader(); now != nullptr && now != last) {
      last = now;
      ++turns;
    }
  }
  CHECK(turns >= 2);
  CHECK(turns <= 6);
}

TEST_CASE("a leader that is about to end hands over at once") {
  moving_group a{8, 3, 3};
  a.start();
  expect_well(a);
  put(a, 5);
  auto& old = *a.leader();
  old.shard().hand_over();
  auto other_leads = [&] {
    return a.leader() != nullptr && a.leader() != &old;
  };
  // No election time-out passes.
  CHECK(a.run(900ms, other_leads));
  put(a, 5);
}

TEST_CASE("who was stopped by its disk still says who leads") {
  moving_group a{9, 3, 3};
  a.start();
  expect_well(a);
  auto& old = *a.leader();
  old.disk().fail_at({1, io::sync});
  a.put();
  REQUIRE(a.run(5s, [&] { return bool(old.stopped()); }));
  auto others_lead = [&] {
    return a.leader() != nullptr && a.leader() != &old;
  };
  REQUIRE(a.run(30s, others_lead));
  a.run(1s);
  CHECK(old.knows() == a.leader()->id());
}

TEST_CASE("what a standby has outweighs no voter, and is made anew") {
  member::options with;
  with.log_bytes_max = 1; // What is applied is durable at once.
  with.checkpoint_every = 64;
  moving_group a{1, 2, 1, with};
  a.start();
  a.place(to({2}));
  expect_well(a);
  auto wanted = to({2});
  wanted.learners.push_back({1});
  a.place(wanted);
  put(a, 5);
  a.run(10s);
  REQUIRE(a.servers().size() == 2);

  a.at(1).crash();
  a.at(1).falsify(1, "nobody wrote this");
  a.at(1).start();
  put(a, 140);
  a.run(5s);

  CHECK(a.at(1).applied() == a.at(2).applied());
  CHECK(a.at(1).contents() == a.at(2).contents());
  CHECK(a.at(1).differed().size() == 1);
  CHECK(a.at(2).differed().empty());
  CHECK(a.leader() == &a.at(2));
}

} // namespace moving_group_test
