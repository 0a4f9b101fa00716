#include "tests/sim/decay.hpp"

#include "persistence/log_store.hpp"

#include <doctest/doctest.h>

namespace decay_test {

using namespace iris;
using namespace iris::sim;
using persistence::log_store;

namespace {

constexpr shard_id shard{1};
constexpr std::uint64_t entries = 20;

/// A log of some entries, on a disk that lost its power.
void write_log(memory_disk& disk) {
  auto store = log_store::open("/log", disk);
  REQUIRE(store);
  for (std::uint64_t i = 1; i <= entries; ++i) {
    persistence::log_change change;
    change.shard = shard;
    change.first_index = i;
    change.entries = {{1, 0, std::make_shared<const std::string>(i * 50, 'x')}};
    REQUIRE((*store)->append(std::span{&change, 1}));
  }
  disk.crash();
}

/// How many entries are there, unless it is told that some are not.
result<std::uint64_t> read_log(memory_disk& disk) {
  auto store = log_store::open("/log", disk, {.may_create = false});
  if (!store)
    return store.failure();
  auto found = (*store)->load(shard);
  if (!found)
    return found.failure();
  return found->entries.size();
}

} // namespace

TEST_CASE("a log that has decayed is told from a whole one") {
  auto told = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    memory_disk disk{seed};
    random_source random{seed};
    write_log(disk);
    auto before = disk.files();
    decay bad;

    auto what = bad.strike(disk, random);
    CAPTURE(what);
    CHECK(disk.files() != before);
    auto found = read_log(disk);

    told += !found;
    if (found)
      CHECK(*found == entries);
    bad.mend();
    disk.kill();
    auto mended = read_log(disk);
    REQUIRE(mended);
    CHECK(*mended == entries);
  }
  CHECK(told > 100);
}

} // namespace decay_test
