#include "tests/sim/memory_disk.hpp"

#include <doctest/doctest.h>

namespace memory_disk_test {

using namespace iris;
using namespace iris::sim;

namespace {

std::unique_ptr<leveldb::WritableFile> make(memory_disk& disk,
                                            const std::string& path) {
  leveldb::WritableFile* out = nullptr;
  REQUIRE(disk.env().NewWritableFile(path, &out).ok());
  return std::unique_ptr<leveldb::WritableFile>{out};
}

/// A file with a synced and an unsynced part, its name durable.
std::unique_ptr<leveldb::WritableFile> half_synced(memory_disk& disk) {
  auto file = make(disk, "/f");
  REQUIRE(disk.sync_directory("/").ok());
  REQUIRE(file->Append("durable").ok());
  REQUIRE(file->Sync().ok());
  REQUIRE(file->Append(std::string(2000, 'x')).ok());
  return file;
}

} // namespace

TEST_CASE("a crash keeps what was synced and any part of the rest") {
  std::set<std::size_t> sizes;
  auto spoiled = false;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    memory_disk disk{seed};
    auto file = half_synced(disk);

    disk.crash();

    auto bytes = disk.files().at("/f");
    CHECK(bytes.starts_with("durable"));
    CHECK(bytes.size() <= 2007);
    sizes.insert(bytes.size());
    spoiled = spoiled || bytes.find_first_not_of('x', 7) != std::string::npos;
  }
  CHECK(sizes.size() > 50);
  CHECK(spoiled);
}

TEST_CASE("a crash may take a name whose directory was not synced") {
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    memory_disk disk{seed};
    disk.plant("/a", "old");
    make(disk, "/b");
    REQUIRE(disk.env().RenameFile("/b", "/a").ok());
    make(disk, "/c");

    disk.crash();

    std::string names;
    for (const auto& [path, bytes] : disk.files())
      names += path + bytes;
    outcomes.insert(names);
  }
  // Each alone, in order, and the third without the first two.
  for (const char* possible : {"/aold", "/aold/b", "/a", "/a/c", "/aold/c"})
    CHECK(outcomes.count(possible) == 1);
}

TEST_CASE("a synced directory keeps its names") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    memory_disk disk{seed};
    REQUIRE(disk.env().CreateDir("/d").ok());
    REQUIRE(disk.sync_directory("/").ok());
    make(disk, "/d/f");
    REQUIRE(disk.sync_directory("/d").ok());

    disk.crash();

    CHECK(disk.files().count("/d/f") == 1);
  }
}

TEST_CASE("the end of a process loses nothing, and a crash after it may") {
  auto lost = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    memory_disk disk{seed};
    auto file = half_synced(disk);

    disk.kill();
    CHECK(disk.files().at("/f").size() == 2007);
    disk.crash();

    lost = lost || disk.files().at("/f").size() < 2007;
  }
  CHECK(lost);
}

TEST_CASE("who had files open before a crash can do nothing after it") {
  memory_disk disk;
  auto& env = disk.env();
  auto file = half_synced(disk);

  disk.crash();

  CHECK_FALSE(file->Append("x").ok());
  CHECK_FALSE(file->Sync().ok());
  leveldb::WritableFile* other = nullptr;
  CHECK_FALSE(env.NewWritableFile("/g", &other).ok());
  CHECK_FALSE(env.RemoveFile("/f").ok());
  CHECK(disk.files().count("/f") == 1);
}

TEST_CASE("locks are held until they are given back or the process ends") {
  memory_disk disk;
  leveldb::FileLock* first = nullptr;
  leveldb::FileLock* second = nullptr;
  auto& old = disk.env();
  REQUIRE(old.LockFile("/L", &first).ok());
  CHECK_FALSE(disk.env().LockFile("/L", &second).ok());

  disk.kill();

  CHECK(disk.env().LockFile("/L", &second).ok());
  old.UnlockFile(first);
  CHECK_FALSE(disk.env().LockFile("/L", &first).ok());
  disk.env().UnlockFile(second);
}

TEST_CASE("a failed sync gives its bytes up for good") {
  auto lost = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    memory_disk disk{seed};
    auto file = half_synced(disk);
    disk.fail_at(1);
    CHECK_FALSE(file->Sync().ok());
    CHECK(file->Sync().ok());

    disk.crash();

    lost = lost || disk.files().at("/f") != "durable" + std::string(2000, 'x');
  }
  CHECK(lost);
}

TEST_CASE("the call that was chosen fails, with or without effect") {
  memory_disk disk;
  auto file = make(disk, "/f");

  disk.fail_at(2);
  CHECK(file->Append("one").ok());
  CHECK_FALSE(file->Append("four").ok());
  disk.fail_at(1, memory_disk::effect::done);
  CHECK_FALSE(file->Append("five").ok());

  CHECK(file->Append("!").ok());
  CHECK(disk.files().at("/f") == "onefofive!");
}

TEST_CASE("after power went off nothing has an effect") {
  memory_disk disk;
  auto file = make(disk, "/f");

  disk.power_off_at(1);
  CHECK_FALSE(file->Append("last").ok());
  CHECK_FALSE(file->Append("more").ok());
  CHECK_FALSE(file->Sync().ok());

  CHECK(disk.files().at("/f") == "last");
}

TEST_CASE("the call that was chosen may be counted among its kind") {
  memory_disk disk;
  auto file = make(disk, "/f");
  REQUIRE(file->Append("one").ok());

  disk.fail_at({2, io::write});
  CHECK(file->Sync().ok());
  CHECK(file->Append("two").ok());
  CHECK(file->Sync().ok());
  CHECK_FALSE(file->Append("four").ok());

  CHECK(disk.take_fault() == io::write);
  CHECK(disk.files().at("/f") == "onetwofo");
}

TEST_CASE("power goes off before a call, or when all of it is done") {
  for (auto when : {memory_disk::cut::before, memory_disk::cut::after}) {
    std::set<std::string> left;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      memory_disk disk{seed};
      auto file = make(disk, "/f");
      REQUIRE(disk.sync_directory("/").ok());
      disk.power_off_at({1, io::sync}, when);
      REQUIRE(file->Append("all").ok());
      CHECK_FALSE(disk.off());

      CHECK_FALSE(file->Sync().ok());

      CHECK(disk.off());
      CHECK_FALSE(file->Append("more").ok());
      CHECK(disk.files().at("/f") == "all");
      disk.crash();
      CHECK_FALSE(disk.off());
      left.insert(disk.files().at("/f"));
    }
    if (when == memory_disk::cut::after)
      CHECK(left == std::set<std::string>{"all"});
    else
      CHECK(left.size() > 1);
  }
}

TEST_CASE("a full disk says so until it has room") {
  memory_disk disk;
  auto file = make(disk, "/f");
  disk.full_after(5);
  CHECK(disk.free_bytes("/") == 5);

  CHECK(file->Append("abc").ok());
  auto full = file->Append("def");
  CHECK(full.ToString().find("No space left on device") != std::string::npos);
  CHECK(disk.free_bytes("/") == 0);

  disk.has_room();
  CHECK(file->Append("!").ok());
  CHECK(disk.files().at("/f") == "abcde!");
}

TEST_CASE("what is written goes where room is reserved, then behind it") {
  memory_disk disk;
  auto file = make(disk, "/f");
  REQUIRE(file->Append("ab").ok());

  CHECK(disk.reserve("/f", 5));
  CHECK(disk.files().at("/f") == std::string("ab\0\0\0", 5));
  CHECK(file->Append("cd").ok());
  CHECK(disk.files().at("/f") == std::string("abcd\0", 5));
  CHECK(disk.truncate("/f", 4).ok());
  CHECK(disk.files().at("/f") == "abcd");
  CHECK(disk.reserve("/f", 5));
  CHECK(file->Append("efg").ok());
  CHECK(disk.files().at("/f") == "abcdefg");
}

TEST_CASE("a crash leaves zeros where room was reserved, as many as it likes "
          "between what was durable and what was there") {
  std::set<std::size_t> kept;
  std::set<std::size_t> sizes;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    memory_disk disk{seed};
    auto file = make(disk, "/f");
    REQUIRE(disk.sync_directory("/").ok());
    REQUIRE(disk.reserve("/f", 3000));
    REQUIRE(file->Append("durable").ok());
    REQUIRE(file->Sync().ok());
    REQUIRE(file->Append(std::string(2000, 'x')).ok());
    REQUIRE(disk.reserve("/f", 4000));

    disk.crash();

    auto bytes = disk.files().at("/f");
    CHECK(bytes.starts_with("durable"));
    CHECK(bytes.size() >= 3000);
    CHECK(bytes.size() <= 4000);
    CHECK(bytes.find_first_not_of('\0', 2007) == std::string::npos);
    sizes.insert(bytes.size());
    kept.insert(bytes.find_last_of('x'));
  }
  CHECK(sizes.size() > 100);
  CHECK(kept.size() > 80);
}

TEST_CASE("a crash may bring back the zeros that a file was rid of") {
  std::set<std::size_t> sizes;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    memory_disk disk{seed};
    auto file = make(disk, "/f");
    REQUIRE(disk.sync_directory("/").ok());
    REQUIRE(disk.reserve("/f", 1000));
    REQUIRE(file->Append("durable").ok());
    REQUIRE(file->Sync().ok());
    REQUIRE(disk.truncate("/f", 7).ok());

    disk.crash();

    auto bytes = disk.files().at("/f");
    CHECK(bytes == "durable" + std::string(bytes.size() - 7, '\0'));
    sizes.insert(bytes.size());
  }
  CHECK(sizes.size() > 20);
  CHECK(*sizes.rbegin() <= 1000);
}

TEST_CASE("a full disk gives what room it has, and what is reserved stays") {
  memory_disk disk;
  auto file = make(disk, "/f");
  disk.full_after(5);

  CHECK_FALSE(disk.reserve("/f", 8));
  CHECK(disk.free_bytes("/") == 0);
  CHECK(file->Append("abcd").ok());
  CHECK_FALSE(file->Append("ef").ok());
  CHECK(disk.files().at("/f") == "abcde");
}

TEST_CASE("the same seed gives the same crash") {
  auto run = [](std::uint64_t seed) {
    memory_disk disk{seed};
    auto file = half_synced(disk);
    make(disk, "/g");
    make(disk, "/h");
    disk.crash();
    return disk.files();
  };

  CHECK(run(7) == run(7));
  CHECK(run(7) != run(8));
}

TEST_CASE("calls are counted by kind") {
  memory_disk disk;
  auto file = half_synced(disk);

  CHECK(disk.count(io::write) == 2);
  CHECK(disk.count(io::sync) == 1);
  CHECK(disk.count(io::sync_directory) == 1);
  CHECK(disk.count(io::create) == 1);
  CHECK(disk.count() == 5);
}

} // namespace memory_disk_test
