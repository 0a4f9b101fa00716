#include "tests/sim/replicas.hpp"

#include "persistence/keys.hpp"
#include "persistence/writes.hpp"
#include "tests/sim/memory_disk.hpp"

#include <doctest/doctest.h>

namespace replicas_test {

using namespace iris;
using namespace iris::sim;

namespace {

constexpr shard_id shard{1};

struct replica {
  /// Applies one entry that puts these in the place of "a" and "b".
  void apply(std::uint64_t index, const std::string& a, const std::string& b,
             std::uint64_t term = 1) {
    auto prefix = persistence::key_prefix(
      shard, {persistence::actor_kind::user, persistence::main_tenant, "bob"});
    persistence::writes what;
    what.put(prefix + "a", a);
    if (!b.empty())
      what.put(prefix + "b", b);
    persistence::committed_entry entry{shard, index, term, what.bytes()};
    REQUIRE(store->apply(std::span{&entry, 1}));
  }

  memory_disk disk{1};
  std::unique_ptr<persistence::state_store> store =
    std::move(*persistence::state_store::open("/state", disk));
};

struct pair {
  std::vector<std::string> differences() {
    return compare_replicas(shard,
                            {{{1}, one.store.get()}, {{2}, two.store.get()}});
  }

  replica one, two;
};

bool has(const std::vector<std::string>& all, const std::string& what) {
  return std::any_of(all.begin(), all.end(),
                     [&](const auto& x) { return x.find(what) != x.npos; });
}

} // namespace

TEST_CASE("replicas that have applied the same are equal") {
  pair both;
  for (auto* x : {&both.one, &both.two}) {
    x->apply(1, "1", "2");
    x->apply(2, "3", "");
  }
  CHECK(both.differences() == std::vector<std::string>{});
}

TEST_CASE("a replica that is behind is told from one that differs") {
  pair both;
  both.one.apply(1, "1", "2");
  both.two.apply(1, "1", "2");
  both.two.apply(2, "1", "2");

  auto found = both.differences();

  REQUIRE(found.size() == 1);
  CHECK(has(found, "I6: shard 1: node 2 has applied up to index 2"));

  both.one.apply(2, "1", "3");
  found = both.differences();
  REQUIRE(found.size() == 2);
  CHECK(has(found, "checksum"));
  CHECK(has(found, "I1: shard 1: node 2 differs from node 1 at key 0001"));
}

TEST_CASE("a key that only one replica has is a difference") {
  for (auto swapped : {false, true}) {
    CAPTURE(swapped);
    pair both;
    auto& more = swapped ? both.one : both.two;
    auto& less = swapped ? both.two : both.one;
    more.apply(1, "1", "2");
    less.apply(1, "1", "");
    CHECK(has(both.differences(), "I1: shard 1: node 2 differs from node 1"));
  }
}

TEST_CASE("two replicas never differ at an index, whenever they were there") {
  ledger all;
  all.applied({1}, shard, {7, 2, 111});
  all.applied({1}, shard, {9, 2, 222});
  all.applied({2}, shard, {7, 2, 111});
  all.applied({2}, {2}, {9, 1, 333});
  all.applied({3}, shard, {8, 2, 444});
  CHECK(all.problems() == std::vector<std::string>{});
  CHECK(all.compared() == 1);

  all.applied({3}, shard, {9, 2, 223});
  REQUIRE(all.problems().size() == 1);
  CHECK(all.problems()[0]
        == "I6: shard 1: node 3 is at index 9, term 2, checksum 223, "
           "node 1 was at index 9, term 2, checksum 222");

  all.applied({3}, shard, {7, 3, 111});
  CHECK(all.problems().size() == 2);
}

TEST_CASE("a replica that starts again must come to the same point") {
  ledger all;
  all.applied({1}, shard, {7, 2, 111});
  all.applied({1}, shard, {7, 2, 111});
  CHECK(all.problems().empty());
  CHECK(all.compared() == 0);

  all.applied({1}, shard, {7, 2, 112});
  CHECK(all.problems().size() == 1);
}

TEST_CASE("a term has one leader") {
  ledger all;
  all.leads({1}, shard, 3);
  all.leads({1}, shard, 3);
  all.leads({2}, shard, 4);
  all.leads({2}, {2}, 3);
  CHECK(all.problems().empty());

  all.leads({3}, shard, 4);
  CHECK(all.problems()
        == std::vector<std::string>{
          "I6: shard 1: node 3 leads in term 4, as node 2 did"});
}

} // namespace replicas_test
