#include "persistence/state_store.hpp"

#include "base/assert.hpp"
#include "base/hash.hpp"
#include "persistence/keys.hpp"
#include "persistence/writes.hpp"
#include "tests/sim/memory_disk.hpp"

#include <doctest/doctest.h>

namespace state_store_test {

using namespace iris;
using namespace iris::persistence;
using iris::sim::memory_disk;

namespace {

/// A key of shard 1 (of others, when told so).
std::string key(std::string_view suffix, std::uint16_t shard = 1) {
  return key_prefix({shard}, {actor_kind::user, main_tenant, "u"})
         + std::string{suffix};
}

writes put(std::string_view suffix, std::string_view payload,
           std::uint16_t shard = 1) {
  writes out;
  out.put(key(suffix, shard), payload);
  return out;
}

writes erase_range(std::string_view first, std::string_view last) {
  writes out;
  out.erase_range(key(first), key(last));
  return out;
}

std::unique_ptr<state_store> open(memory_disk& disk) {
  auto out = state_store::open("/state", disk);
  REQUIRE(out);
  return *std::move(out);
}

result<void> apply(state_store& store, std::uint64_t index, const writes& what,
                   std::uint16_t shard = 1) {
  committed_entry entry{{shard}, index, 1, what.bytes()};
  auto applied = store.apply({&entry, 1});
  return applied ? result<void>{} : applied.failure();
}

/// The suffixes and payloads in [first, last), as "a=1 b=2 ".
std::string scan(const state_store& store, std::string_view first,
                 std::string_view last, bool backwards = false) {
  std::string out;
  auto all = store.scan(key(first), key(last), backwards,
                        [&](std::string_view at, std::string_view payload) {
                          out += at.substr(key("").size());
                          out += "=" + std::string{payload} + " ";
                          return true;
                        });
  REQUIRE(all);
  return out;
}

} // namespace

TEST_CASE("what was applied is read, now and after a reopening") {
  memory_disk disk;
  auto store = open(disk);
  REQUIRE(apply(*store, 1, put("a", "one")));
  auto more = put("b", "two");
  more.erase(key("a"));
  REQUIRE(apply(*store, 2, more));

  for (auto pass = 0; pass < 2; ++pass) {
    CHECK(*store->get(key("a")) == std::nullopt);
    CHECK(*store->get(key("b")) == "two");
    CHECK(*store->get(key("c")) == std::nullopt);
    CHECK(store->applied({1})->index == 2);
    store.reset();
    store = open(disk);
  }
}

TEST_CASE("the applied point follows the entries of its own shard") {
  memory_disk disk;
  auto store = open(disk);
  auto first = put("a", "1");
  auto second = put("a", "2");
  auto other = put("a", "3", 2);
  std::vector<committed_entry> entries{{{1}, 1, 4, first.bytes()},
                                       {{2}, 9, 5, other.bytes()},
                                       {{1}, 2, 6, second.bytes()},
                                       {{1}, 3, 6, {}}};

  REQUIRE(store->apply(entries));

  auto checksum = hash64("", hash64(second.bytes(), hash64(first.bytes(), 0)));
  CHECK(*store->applied({1}) == applied_point{3, 6, checksum});
  CHECK(*store->applied({2}) == applied_point{9, 5, hash64(other.bytes(), 0)});
  CHECK(*store->applied({3}) == applied_point{});
  CHECK(*store->get(key("a")) == "2");
  store.reset();
  store = open(disk);
  REQUIRE(apply(*store, 4, first));
  CHECK(store->applied({1})->checksum == hash64(first.bytes(), checksum));
}

TEST_CASE("an erased range takes what is there, and nothing beside it") {
  memory_disk disk;
  auto store = open(disk);
  for (std::uint64_t i = 0; i < 5; ++i)
    REQUIRE(apply(*store, i + 1, put(std::string(1, "abcde"[i]), "x")));

  REQUIRE(apply(*store, 6, erase_range("b", "d")));

  CHECK(scan(*store, "a", "z") == "a=x d=x e=x ");
  REQUIRE(apply(*store, 7, erase_range("e", "a")));
  CHECK(scan(*store, "a", "z") == "a=x d=x e=x ");
}

TEST_CASE("an erased range takes what the same batch put before it") {
  memory_disk disk;
  auto store = open(disk);
  auto first = put("a", "1");
  first.put(key("b"), "1");
  // In the same entry, and put again behind.
  auto second = put("c", "2");
  second.erase_range(key("b"), key("d"));
  second.put(key("c"), "3");
  std::vector<committed_entry> entries{{{1}, 1, 1, first.bytes()},
                                       {{1}, 2, 1, second.bytes()}};

  REQUIRE(store->apply(entries));

  CHECK(scan(*store, "a", "z") == "a=1 c=3 ");
}

TEST_CASE("scans go both ways, within their ends, until they are stopped") {
  memory_disk disk;
  auto store = open(disk);
  for (std::uint64_t i = 0; i < 5; ++i)
    REQUIRE(apply(*store, i + 1, put(std::string(1, "abcde"[i]), "x")));

  CHECK(scan(*store, "b", "d") == "b=x c=x ");
  CHECK(scan(*store, "b", "d", true) == "c=x b=x ");
  CHECK(scan(*store, "a", "zz", true) == "e=x d=x c=x b=x a=x ");
  CHECK(scan(*store, "bb", "bc").empty());
  CHECK(scan(*store, "bb", "bc", true).empty());
  CHECK(scan(*store, "f", "z", true).empty());
  std::string first;
  std::string last;
  auto stop_at = [](std::string& to) {
    return [&to](std::string_view at, std::string_view) {
      to = at;
      return false;
    };
  };
  REQUIRE(store->scan(key(""), "", false, stop_at(first)));
  REQUIRE(store->scan(key(""), "", true, stop_at(last)));
  CHECK(first == key("a"));
  CHECK(last == key("e"));
}

TEST_CASE("reads may go on inside a scan") {
  memory_disk disk;
  auto store = open(disk);
  REQUIRE(apply(*store, 1, put("a", "1")));

  auto scanned =
    store->scan(key(""), "", false, [&](std::string_view at, std::string_view) {
      CHECK(*store->get(at) == "1");
      return true;
    });

  CHECK(scanned);
}

TEST_CASE("an entry that may not be applied leaves all as it was") {
  memory_disk disk;
  auto store = open(disk);
  REQUIRE(apply(*store, 1, put("a", "1")));
  auto files = disk.files();
  auto shard_itself = key_prefix({1}, {actor_kind::shard, {0}, {}});
  std::vector<writes> wrong(6);
  wrong[0].put(key("a", 2), "other shard");
  wrong[1].erase(key("a", 2));
  wrong[2].erase_range(key("a"), key("a", 2));
  wrong[3].put(shard_itself + "A", "applied point");
  wrong[4].erase(shard_itself + "A");
  wrong[5].erase_range(shard_itself, shard_itself + "B");
  auto good = put("b", "2");

  for (const auto& x : wrong) {
    std::vector<committed_entry> entries{{{1}, 2, 1, good.bytes()},
                                         {{1}, 3, 1, x.bytes()}};
    CHECK(store->apply(entries).failure().code == errc::corrupt);
  }
  committed_entry malformed{{1}, 2, 1, "\x01"};
  CHECK(store->apply({&malformed, 1}).failure().code == errc::corrupt);

  CHECK(disk.files() == files);
  CHECK(store->applied({1})->index == 1);
  REQUIRE(apply(*store, 2, good));
  // The neighbours of the applied point are the shard's.
  writes own;
  own.put(shard_itself + "W", "");
  own.erase_range(shard_itself + "B", prefix_end(shard_itself));
  CHECK(apply(*store, 3, own));
}

TEST_CASE("an entry that is applied already is a broken invariant") {
  memory_disk disk;
  auto store = open(disk);
  REQUIRE(apply(*store, 2, put("a", "1")));

  CHECK_THROWS_AS(static_cast<void>(apply(*store, 2, put("a", "2"))),
                  invariant_broken);
}

TEST_CASE("applying syncs nothing, and a sync makes all of it durable") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    memory_disk disk{seed};
    auto store = open(disk);
    auto syncs = disk.count(sim::io::sync);
    REQUIRE(apply(*store, 1, put("a", "1")));
    REQUIRE(apply(*store, 2, put("b", "2")));
    CHECK(disk.count(sim::io::sync) == syncs);

    REQUIRE(store->sync());
    CHECK(disk.count(sim::io::sync) == syncs + 1);
    disk.crash();
    store.reset();

    store = open(disk);
    CHECK(store->applied({1})->index == 2);
    CHECK(scan(*store, "a", "z") == "a=1 b=2 ");
  }
}

TEST_CASE("a failed write fails all later ones, and reading goes on") {
  memory_disk disk;
  auto store = open(disk);
  REQUIRE(apply(*store, 1, put("a", "1")));

  disk.fail_at(1);
  CHECK(apply(*store, 2, put("b", "2")).failure().code == errc::io_failed);

  CHECK(apply(*store, 2, put("b", "2")).failure().code == errc::io_failed);
  CHECK(store->sync().failure().code == errc::io_failed);
  CHECK(*store->get(key("a")) == "1");
}

TEST_CASE("a read that the disk fails is an error, and the next may work") {
  memory_disk disk;
  auto store = open(disk);
  REQUIRE(apply(*store, 1, put("a", "1")));
  store.reset();
  store = open(disk); // the value is in a table now

  disk.fail_at(1);
  CHECK(store->get(key("a")).failure().code == errc::io_failed);

  CHECK(*store->get(key("a")) == "1");
}

TEST_CASE("what a shard takes on disk can be told") {
  memory_disk disk;
  auto store = open(disk);
  REQUIRE(apply(*store, 1, put("a", std::string(100'000, 'x'))));
  store.reset();

  store = open(disk);

  CHECK(store->level0_files() == 1);
  CHECK(store->approximate_bytes({1}) > 100'000);
  CHECK(store->approximate_bytes({2}) < 1000);
}

TEST_CASE("blocks that were read stay in memory, within the bound") {
  for (std::size_t cache : {64 << 10, 1 << 20}) {
    memory_disk disk{1};
    store_options with;
    with.write_buffer_bytes = 64 << 10;
    with.cache_bytes = cache;
    auto store = *state_store::open("/state", disk, with);
    for (std::uint64_t i = 1; i <= 600; ++i)
      REQUIRE(apply(*store, i, put(std::to_string(i), std::string(4096, 'x'))));
    auto before = store->cached_bytes();

    scan(*store, "", "~");

    // 2.4 MB were read. LevelDB divides the cache by 16, and each part holds
    // one block of 16 KiB and its last entry at least.
    auto most = std::max<std::size_t>(cache, 16 * ((16 << 10) + 4200));
    CAPTURE(cache);
    CHECK(before <= most);
    CHECK(store->cached_bytes() > cache / 2);
    CHECK(store->cached_bytes() <= most);
  }
}

} // namespace state_store_test
