#include "persistence/log_store.hpp"

#include "base/assert.hpp"
#include "persistence/log_format.hpp"
#include "tests/sim/memory_disk.hpp"

#include <doctest/doctest.h>
#include <leveldb/db.h>

namespace log_store_test {

using namespace iris;
using namespace iris::persistence;
using iris::sim::memory_disk;

namespace {

log_change entries(std::uint16_t shard, std::uint64_t first,
                   const std::vector<std::string>& payloads,
                   std::uint64_t term = 1) {
  log_change out;
  out.shard = {shard};
  out.first_index = first;
  for (const auto& x : payloads)
    out.entries.push_back({term, 1, std::make_shared<const std::string>(x)});
  return out;
}

log_change floor_at(std::uint16_t shard, std::uint64_t index,
                    std::uint64_t keep_from) {
  log_change out;
  out.shard = {shard};
  out.floor = log_floor{index, 1, "configuration", 1};
  out.keep_from = keep_from;
  return out;
}

std::unique_ptr<log_store> open(memory_disk& disk) {
  auto out = log_store::open("/log", disk);
  REQUIRE(out);
  return *std::move(out);
}

/// "first: payload payload …"
std::string text(const log_store& store, std::uint16_t shard) {
  auto log = store.load({shard});
  if (!log)
    return to_string(log.failure());
  auto out = std::to_string(log->first_index) + ":";
  for (const auto& x : log->entries)
    out += " " + *x.payload;
  return out;
}

void append(log_store& store, const std::vector<log_change>& changes) {
  REQUIRE(store.append(changes));
}

} // namespace

TEST_CASE("a new log is empty") {
  memory_disk disk;
  auto store = open(disk);

  auto log = store->load({3});

  REQUIRE(log);
  CHECK(log->state == hard_state{});
  CHECK(log->floor == log_floor{});
  CHECK(log->first_index == 1);
  CHECK(log->entries.empty());
}

TEST_CASE("what was appended is loaded, now and after a reopening") {
  memory_disk disk;
  auto store = open(disk);
  auto with_state = entries(1, 1, {"a", "b"}, 7);
  with_state.state = hard_state{7, 2};

  append(*store, {with_state, entries(2, 1, {"x"}), entries(1, 3, {"c"})});

  for (auto pass = 0; pass < 2; ++pass) {
    CHECK(text(*store, 1) == "1: a b c");
    CHECK(text(*store, 2) == "1: x");
    auto log = store->load({1});
    CHECK(log->state == hard_state{7, 2});
    CHECK(log->entries[1].term == 7);
    CHECK(log->entries[1].type == 1);
    store.reset();
    store = open(disk);
  }
}

TEST_CASE("one append is one sync, however many shards take part") {
  memory_disk disk;
  auto store = open(disk);
  auto syncs = disk.count(sim::io::sync);
  std::vector<log_change> changes;
  for (std::uint16_t shard = 0; shard < 64; ++shard)
    changes.push_back(entries(shard, 1, {"a", "b", "c"}));

  append(*store, changes);

  CHECK(disk.count(sim::io::sync) == syncs + 1);
}

TEST_CASE("new entries replace old ones and all behind them") {
  memory_disk disk;
  auto store = open(disk);
  append(*store, {entries(1, 1, {"a", "b", "c", "d"})});
  append(*store, {entries(2, 1, {"x"})});

  append(*store, {entries(1, 2, {"B"}, 2)});
  CHECK(text(*store, 1) == "1: a B");
  append(*store, {entries(1, 2, {})});
  CHECK(text(*store, 1) == "1: a");
  append(*store, {entries(1, 1, {"A", "b"}, 3)});

  store.reset();
  store = open(disk);
  CHECK(text(*store, 1) == "1: A b");
  CHECK(text(*store, 2) == "1: x");
}

TEST_CASE("a floor deletes entries below what is kept, and is loaded") {
  memory_disk disk;
  auto store = open(disk);
  append(*store, {entries(1, 1, {"a", "b", "c", "d"})});

  append(*store, {floor_at(1, 3, 3)});

  CHECK(text(*store, 1) == "3: c d");
  CHECK(store->load({1})->floor == log_floor{3, 1, "configuration", 1});
  CHECK(*store->floor({1}) == log_floor{3, 1, "configuration", 1});
  append(*store, {floor_at(1, 4, 5), entries(1, 5, {"e"})});
  store.reset();
  store = open(disk);
  CHECK(text(*store, 1) == "5: e");
  append(*store, {entries(1, 6, {"f"})});
  CHECK(text(*store, 1) == "5: e f");
}

TEST_CASE("a floor never brings back what is deleted") {
  memory_disk disk;
  auto store = open(disk);
  append(*store, {entries(1, 1, {"a", "b", "c"}), floor_at(1, 2, 3)});

  append(*store, {floor_at(1, 3, 1)});

  CHECK(text(*store, 1) == "3: c");
}

TEST_CASE("a floor beyond the log empties it") {
  memory_disk disk;
  auto store = open(disk);
  append(*store, {entries(1, 1, {"a", "b"})});

  append(*store, {floor_at(1, 10, 11)});

  CHECK(text(*store, 1) == "11:");
  store.reset();
  store = open(disk);
  append(*store, {entries(1, 11, {"k"})});
  CHECK(text(*store, 1) == "11: k");
}

TEST_CASE("a change that would leave a gap is a broken invariant") {
  memory_disk disk;
  auto store = open(disk);
  append(*store, {entries(1, 1, {"a", "b"}), floor_at(1, 1, 2)});

  for (auto wrong :
       {entries(1, 4, {"d"}), entries(1, 1, {"a"}), floor_at(1, 2, 4)})
    CHECK_THROWS_AS(static_cast<void>(store->append({&wrong, 1})),
                    invariant_broken);
}

TEST_CASE("a failed append fails all later ones, and reading goes on") {
  memory_disk disk;
  auto store = open(disk);
  append(*store, {entries(1, 1, {"a"})});
  auto second = entries(1, 2, {"b"});
  CHECK_FALSE(store->failed());

  disk.fail_at(2); // the sync behind the write
  CHECK(store->append({&second, 1}).failure().code == errc::io_failed);
  CHECK(store->failed());

  auto syncs = disk.count(sim::io::sync);
  CHECK(store->append({&second, 1}).failure().code == errc::io_failed);
  CHECK(disk.count(sim::io::sync) == syncs);
  CHECK(text(*store, 1).starts_with("1: a"));
}

TEST_CASE("a full disk refuses appends, and a reopened log takes them") {
  memory_disk disk;
  auto store = open(disk);
  append(*store, {entries(1, 1, {"a"})});
  // More than is reserved.
  auto second = entries(1, 2, {std::string(20'000, 'b')});

  disk.full_after(100);
  CHECK(store->append({&second, 1}).failure().code == errc::storage_full);
  CHECK(text(*store, 1) == "1: a");
  disk.has_room();
  CHECK(store->append({&second, 1}).failure().code == errc::storage_full);

  store.reset();
  store = open(disk);
  append(*store, {entries(1, 2, {"b"})});
  CHECK(text(*store, 1) == "1: a b");
}

TEST_CASE("a missing entry is corrupt, and named with its shard") {
  memory_disk disk;
  {
    // As a fault of LevelDB or of ours would leave it.
    leveldb::Options options;
    options.env = &disk.env();
    options.create_if_missing = true;
    auto store = open(disk);
    append(*store, {entries(7, 1, {"a", "b", "c"})});
    store.reset();
    leveldb::DB* opened = nullptr;
    REQUIRE(leveldb::DB::Open(options, "/log", &opened).ok());
    std::unique_ptr<leveldb::DB> db{opened};
    REQUIRE(db->Delete({}, entry_key({7}, 2)).ok());
  }
  auto store = open(disk);

  auto log = store->load({7});

  CHECK(log.failure().code == errc::corrupt);
  CHECK(log.failure().context.starts_with(
    "shard 7: entry 2 is missing, found 3; expected a log without gaps"));
}

TEST_CASE("of a log that is lost the term and the vote stay") {
  memory_disk disk;
  auto store = open(disk);
  CHECK(store->lose({7}).failure().code == errc::corrupt);
  auto voted = entries(7, 1, {"a", "b", "c"}, 3);
  voted.state = hard_state{4, 2};
  append(*store, {voted, floor_at(7, 2, 2), entries(8, 1, {"d"})});

  REQUIRE(store->lose({7}));
  for (auto opened : {false, true}) {
    CAPTURE(opened);
    if (opened) {
      disk.crash();
      store = open(disk);
    }
    auto log = store->load({7});
    REQUIRE(log);
    CHECK(lost(*log));
    CHECK(log->state == hard_state{4, 2});
    CHECK(log->floor == log_floor{0, 4, {}, 0});
    CHECK(log->entries.size() == 0);
    CHECK(text(*store, 8) == "1: d");
    CHECK_FALSE(lost(*store->load({8})));
  }

  // What is copied from others is where it goes on.
  append(*store, {floor_at(7, 9, 10)});
  append(*store, {entries(7, 10, {"e"}, 5)});
  CHECK(text(*store, 7) == "10: e");
  CHECK_FALSE(lost(*store->load({7})));
}

TEST_CASE("a term that is damaged is lost with its log") {
  memory_disk disk;
  {
    leveldb::Options options;
    options.env = &disk.env();
    auto store = open(disk);
    auto voted = entries(7, 1, {"a"});
    voted.state = hard_state{4, 2};
    append(*store, {voted});
    store.reset();
    leveldb::DB* opened = nullptr;
    REQUIRE(leveldb::DB::Open(options, "/log", &opened).ok());
    std::unique_ptr<leveldb::DB> db{opened};
    REQUIRE(db->Put({}, hard_state_key({7}), "no term").ok());
  }
  auto store = open(disk);

  CHECK(to_string(store->lose({7}).failure())
        == "corrupt (502): shard 7: term and vote is damaged, expected it to "
           "match its checksum");
}

TEST_CASE("a log that was closed in order has no torn tail, a cut one has") {
  memory_disk disk;
  {
    auto store = open(disk);
    append(*store, {entries(1, 1, {"a"})});
  }
  CHECK_FALSE(open(disk)->tail_was_torn());
  {
    auto store = open(disk);
    auto second = entries(1, 2, {std::string(1000, 'b')});
    disk.fail_at(1); // half of it is written
    CHECK_FALSE(store->append({&second, 1}));
  }

  auto store = open(disk);

  CHECK(store->tail_was_torn());
  CHECK(text(*store, 1) == "1: a");
}

TEST_CASE("what a log takes on disk can be told") {
  memory_disk disk;
  auto store = open(disk);
  append(*store, {entries(1, 1, {std::string(100'000, 'a')})});
  CHECK(store->level0_files() == 0);
  store.reset();

  store = open(disk);

  // Recovery has written a table.
  CHECK(store->level0_files() == 1);
  CHECK(store->approximate_bytes() > 100'000);
}

} // namespace log_store_test
