#include "persistence/database.hpp"

#include "tests/sim/memory_disk.hpp"

#include <doctest/doctest.h>

namespace database_test {

using namespace iris;
using namespace iris::persistence;
using iris::sim::io;
using iris::sim::memory_disk;

namespace {

constexpr store_options small{64 * 1024, 64 * 1024, true};

result<std::unique_ptr<database>> open(memory_disk& disk) {
  return database::open("/db", disk, torn_tail::last_record, small);
}

result<void> write(database& db, std::size_t bytes) {
  leveldb::WriteBatch batch;
  batch.Put("key", std::string(bytes, 'x'));
  return db.write(batch, true);
}

} // namespace

TEST_CASE("files without CURRENT are no new database, and stay") {
  memory_disk disk;
  {
    auto db = open(disk);
    REQUIRE(db);
    REQUIRE(write(**db, 10));
  }
  REQUIRE(open(disk));
  REQUIRE(disk.env().RemoveFile("/db/CURRENT").ok());
  auto before = disk.files();

  auto opened = open(disk);

  CHECK(opened.failure().code == errc::store_missing);
  CHECK(opened.failure().context.find("no file CURRENT") != std::string::npos);
  CHECK(disk.files() == before);
}

TEST_CASE("what fails in the background fails the write that started it") {
  // LevelDB itself tells it to the next one.
  std::set<io> hit;
  for (std::uint64_t n = 1;; ++n) {
    memory_disk disk;
    auto db = open(disk);
    REQUIRE(db);
    // The second rolls over, then the first becomes a table.
    REQUIRE(write(**db, 80'000));
    disk.fail_at(n);
    auto second = write(**db, 10);
    auto fault = disk.fault_hit();
    if (!fault)
      break;
    // None is needed for what was written to be kept.
    if (*fault == io::open || *fault == io::read || *fault == io::list
        || *fault == io::remove || *fault == io::reserve)
      continue;
    CAPTURE(n);
    CHECK_FALSE(second);
    hit.insert(*fault);
  }
  CHECK(hit
        == std::set<io>{io::create, io::write, io::sync, io::close,
                        io::truncate, io::sync_directory});
}

TEST_CASE("a database writes no log for people and renames none") {
  memory_disk disk;
  for (auto i = 0; i < 3; ++i)
    REQUIRE(open(disk));

  CHECK(disk.files().count("/db/LOG") == 0);
  // CURRENT, at the making and at each opening.
  CHECK(disk.count(io::rename) == 4);
}

} // namespace database_test
