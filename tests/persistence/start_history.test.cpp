#include "persistence/start_history.hpp"

#include "persistence/database.hpp"
#include "persistence/log_format.hpp"
#include "tests/hand_executor.hpp"
#include "tests/sim/memory_disk.hpp"

#include <doctest/doctest.h>

namespace start_history_test {

using namespace iris;
using namespace iris::persistence;
using iris::sim::memory_disk;
using iris::test::hand_executor;

namespace {

using starts = std::vector<store_start>;

/// One process of the node whose store is on the disk.
struct process {
  process(memory_disk& disk, std::uint64_t number) {
    auto opened = log_store::open("/log", disk);
    REQUIRE(opened);
    store = *std::move(opened);
    auto begun = start_history::begin(*store, thread, number);
    REQUIRE(begun);
    history = *std::move(begun);
  }

  starts shown() const {
    auto out = decode_starts(history->shown());
    REQUIRE(out);
    return *out;
  }

  void pass_minutes(int n) {
    for (int i = 0; i < n; ++i) {
      thread.pass_time();
      thread.run();
    }
  }

  hand_executor thread;
  std::unique_ptr<log_store> store;
  std::unique_ptr<start_history> history;
};

} // namespace

TEST_CASE("a start is shown with all before it, after a crash too") {
  memory_disk disk;
  for (std::uint64_t n = 1; n < 4; ++n) {
    process node{disk, 100 + n};
    CHECK(node.history->incarnation() == n);
    CHECK(*node.store->incarnation() == n);
    disk.crash();
  }

  process node{disk, 104};

  CHECK(node.shown() == starts{{101, 0}, {102, 0}, {103, 0}, {104, 0}});
}

TEST_CASE("the mark of a start grows while it runs, and stays") {
  memory_disk disk;
  {
    process node{disk, 7};
    node.history->renew_each(std::chrono::minutes{1});
    node.pass_minutes(3);
    CHECK(node.history->mark() == 3);
    CHECK(node.shown() == starts{{7, 3}});
    disk.crash();
  }

  process node{disk, 8};

  CHECK(node.shown() == starts{{7, 3}, {8, 0}});
}

TEST_CASE("a mark that is not durable is not shown") {
  memory_disk disk;
  process node{disk, 7};
  node.history->renew_each(std::chrono::minutes{1});
  node.pass_minutes(1);

  disk.fail_at(2); // the sync behind the write
  node.pass_minutes(1);

  CHECK(node.shown() == starts{{7, 1}});
  CHECK_FALSE(node.thread.pass_time());
}

TEST_CASE("a store from before starts had numbers counts on") {
  memory_disk disk;
  {
    process node{disk, 7};
    disk.crash();
  }
  {
    // As it would be: the number of starts alone.
    auto db = database::open("/log", disk, torn_tail::last_record, {});
    REQUIRE(db);
    leveldb::WriteBatch old;
    old.Put(incarnation_key(), encode_incarnation(41));
    old.Delete(start_key(1));
    REQUIRE((*db)->write(old, true));
  }

  process node{disk, 8};

  CHECK(node.history->incarnation() == 42);
  CHECK(node.shown() == starts{{8, 0}});
}

TEST_CASE("a store keeps the newest 4096 starts") {
  memory_disk disk;
  auto opened = log_store::open("/log", disk);
  REQUIRE(opened);
  auto& store = **opened;
  for (std::uint64_t n = 1; n <= starts_max + 2; ++n)
    REQUIRE(store.next_incarnation(n));

  auto kept = store.starts();

  REQUIRE(kept);
  CHECK(kept->size() == starts_max);
  CHECK(kept->front() == store_start{3, 0});
  CHECK(kept->back() == store_start{starts_max + 2, 0});
  CHECK(*store.incarnation() == starts_max + 2);
}

TEST_CASE("what is shown is read only as it was meant") {
  starts some{{1, 0}, {2, 300}};
  auto bytes = encode_starts(some);
  CHECK(*decode_starts(bytes) == some);
  CHECK(decode_starts("")->empty());

  for (std::size_t cut : {1, 5, 10})
    CHECK(decode_starts(bytes.substr(0, cut)).failure().code
          == errc::bad_frame);
  CHECK_FALSE(decode_starts(encode_starts(starts{{0, 1}})));
  CHECK(decode_starts(encode_starts(starts(starts_max, {1, 1}))));
  CHECK_FALSE(decode_starts(encode_starts(starts(starts_max + 1, {1, 1}))));
}

} // namespace start_history_test
