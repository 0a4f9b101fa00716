#include "persistence/record_file.hpp"

#include "tests/sim/memory_disk.hpp"

#include <doctest/doctest.h>
#include <leveldb/db.h>
#include <leveldb/write_batch.h>

namespace record_file_test {

using namespace iris;
using namespace iris::persistence;

namespace {

/// A write-ahead log as LevelDB itself writes it, and where its records end.
struct real_log {
  std::string bytes;
  std::vector<std::size_t> ends;
  std::string manifest;
};

real_log write_log(const std::vector<std::size_t>& sizes) {
  sim::memory_disk disk;
  leveldb::Options options;
  options.env = &disk.env();
  options.create_if_missing = true;
  leveldb::DB* opened = nullptr;
  REQUIRE(leveldb::DB::Open(options, "/db", &opened).ok());
  std::unique_ptr<leveldb::DB> db{opened};
  real_log out;
  for (auto size : sizes) {
    REQUIRE(db->Put({}, "k", std::string(size, 'v')).ok());
    out.bytes = disk.files().at("/db/000003.log");
    out.ends.push_back(out.bytes.size());
  }
  out.manifest = disk.files().at("/db/MANIFEST-000002");
  return out;
}

/// The end of the last record that ends at or before `size`.
std::size_t last_end(const real_log& log, std::size_t size) {
  std::size_t out = 0;
  for (auto end : log.ends)
    if (end <= size)
      out = end;
  return out;
}

// Small ones, one over a block, one over three, and one that leaves a block
// with too little room for a header.
const std::vector<std::size_t> sizes{10, 100, 32768, 100'000, 32'000, 500, 20};

} // namespace

TEST_CASE("a whole file is readable to its end") {
  auto log = write_log(sizes);

  CHECK(readable_bytes(log.bytes) == log.bytes.size());
  CHECK_FALSE(records_follow(log.bytes, log.bytes.size()));
  CHECK(readable_bytes("") == 0);
}

TEST_CASE("a file that was cut short is readable to its last whole record") {
  auto log = write_log(sizes);
  for (std::size_t size = 0; size < log.bytes.size(); size += 97) {
    auto cut = std::string_view{log.bytes}.substr(0, size);
    CHECK(readable_bytes(cut) == last_end(log, size));
    CHECK_FALSE(records_follow(cut, last_end(log, size)));
  }
}

TEST_CASE("damage inside the last record leaves nothing behind it") {
  auto log = write_log(sizes);
  for (auto i = log.ends[5]; i < log.ends[6]; ++i) {
    auto bad = log.bytes;
    bad[i] = static_cast<char>(bad[i] ^ 4);
    CHECK(readable_bytes(bad) == log.ends[5]);
    CHECK_FALSE(records_follow(bad, log.ends[5]));
  }
}

TEST_CASE("damage before the last record is told by the records behind it") {
  auto log = write_log(sizes);
  for (std::size_t i = 0; i < log.ends[5]; i += i < 200 ? 1 : 211) {
    auto bad = log.bytes;
    bad[i] = static_cast<char>(bad[i] ^ 16);
    auto readable = readable_bytes(bad);
    // The zeros at the end of a block belong to no record.
    if (readable < bad.size()) {
      CHECK(readable == last_end(log, i));
      CHECK(records_follow(bad, readable));
    }
  }
}

TEST_CASE("pieces of one large write are no records behind it") {
  auto log = write_log({10, 200'000});
  auto bad = log.bytes;
  // A block in its middle was not written.
  std::fill_n(bad.begin() + 2 * 32768, 32768, '\0');

  CHECK(readable_bytes(bad) == log.ends[0]);
  CHECK_FALSE(records_follow(bad, log.ends[0]));
}

TEST_CASE("the log that a MANIFEST needs is found") {
  CHECK(log_number_of(write_log({10}).manifest) == 3);
  CHECK(log_number_of("") == std::nullopt);
  CHECK(log_number_of(write_log({10}).bytes) == std::nullopt);
}

} // namespace record_file_test
