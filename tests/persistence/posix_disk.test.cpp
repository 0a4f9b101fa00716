#include "persistence/posix_disk.hpp"

#include "persistence/keys.hpp"
#include "persistence/node_store.hpp"
#include "persistence/writes.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

namespace posix_disk_test {

using namespace iris;
using namespace iris::persistence;

namespace {

const identity demo{"demo", node_id{1}, 4};

class temporary_directory {
public:
  temporary_directory() {
    auto name =
      (std::filesystem::temp_directory_path() / "iris-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~temporary_directory() { std::filesystem::remove_all(path_); }

  std::string at(const char* name) const { return path_ + "/" + name; }

private:
  std::string path_;
};

log_change change(std::uint64_t index, const std::string& payload) {
  log_change out;
  out.shard = {1};
  out.state = hard_state{index, 1};
  out.first_index = index;
  out.entries = {{1, 1, std::make_shared<const std::string>(payload)}};
  return out;
}

/// What a table's file says of these bytes.
struct answer {
  leveldb::Status status;
  std::string bytes;
};

answer read(const leveldb::RandomAccessFile& from, std::uint64_t offset,
            std::size_t count) {
  std::string scratch(count, '?');
  leveldb::Slice found;
  answer out;
  out.status = from.Read(offset, count, &found, scratch.data());
  out.bytes = found.ToString();
  return out;
}

std::unique_ptr<leveldb::RandomAccessFile> open_table(disk& on,
                                                      const std::string& path) {
  leveldb::RandomAccessFile* out = nullptr;
  REQUIRE(on.env().NewRandomAccessFile(path, &out).ok());
  return std::unique_ptr<leveldb::RandomAccessFile>{out};
}

} // namespace

TEST_CASE("a store on a real disk keeps what was written") {
  temporary_directory temporary;
  posix_disk disk;
  writes made;
  auto key = key_prefix({1}, {actor_kind::user, main_tenant, "alice"}) + "k";
  made.put(key, "value");
  // Large enough for several write buffers and their background work.
  std::string large(40'000, 'x');
  node_options small{{std::size_t{64} << 10, 1 << 20, true},
                     {std::size_t{64} << 10, 1 << 20, true}};
  {
    auto store = node_store::open(temporary.at("node"), demo, disk, small);
    REQUIRE(store);
    for (std::uint64_t i = 1; i <= 20; ++i) {
      auto added = change(i, large);
      REQUIRE(store->log->append({&added, 1}));
      committed_entry entry{{1}, i, 1, made.bytes()};
      REQUIRE(store->state->apply({&entry, 1}));
    }
    REQUIRE(store->state->sync());
  }

  auto store = node_store::open(temporary.at("node"), demo, disk, small);

  REQUIRE(store);
  auto log = store->log->load({1});
  REQUIRE(log);
  CHECK(log->state == hard_state{20, 1});
  CHECK(log->entries.size() == 20);
  CHECK(*log->entries.back().payload == large);
  CHECK(**store->state->get(key) == "value");
  CHECK(store->state->applied({1})->index == 20);
  CHECK_FALSE(store->log->tail_was_torn());
}

TEST_CASE("the log's file has room ahead while it is open, and keeps none") {
  temporary_directory temporary;
  posix_disk disk;
  auto size = [&](const char* part) {
    std::uintmax_t out = 0;
    for (const auto& x :
         std::filesystem::directory_iterator{temporary.at(part)})
      out += x.path().extension() == ".log" ? x.file_size() : 0;
    return out;
  };
  auto store = node_store::open(temporary.at("node"), demo, disk);
  REQUIRE(store);
  for (std::uint64_t i = 1; i <= 3; ++i) {
    auto added = change(i, std::string(4'000'000, 'x'));
    REQUIRE(store->log->append({&added, 1}));
    CHECK(size("node/log") == (i < 3 ? 1 : 2) * std::uintmax_t{8 << 20});
  }
  CHECK(size("node/state") == 0);

  *store = node_store{};

  CHECK(size("node/log") > 12'000'000);
  CHECK(size("node/log") < 12'010'000);
  store = node_store::open(temporary.at("node"), demo, disk);
  REQUIRE(store);
  CHECK(store->log->load({1})->entries.size() == 3);
}

TEST_CASE("where no room can be reserved, that is said and nothing is lost") {
  temporary_directory temporary;
  posix_disk disk;
  std::ofstream{temporary.at("file")} << "text";

  CHECK_FALSE(disk.reserve(temporary.at("missing"), 10));
  CHECK_FALSE(disk.reserve("/dev/null", 10));
  CHECK_FALSE(disk.truncate(temporary.at("missing"), 10).ok());
  CHECK(disk.reserve(temporary.at("file"), 10));
  CHECK(std::filesystem::file_size(temporary.at("file")) == 10);
  CHECK(disk.truncate(temporary.at("file"), 4).ok());
  std::string text;
  CHECK(
    leveldb::ReadFileToString(&disk.env(), temporary.at("file"), &text).ok());
  CHECK(text == "text");
}

TEST_CASE("a store that is open is locked, for this process and for others") {
  temporary_directory temporary;
  posix_disk disk;
  auto dir = temporary.at("node");
  auto store = node_store::open(dir, demo, disk);
  REQUIRE(store);

  CHECK(node_store::open(dir, demo, disk).failure().code == errc::store_locked);
  auto other = ::fork();
  REQUIRE(other >= 0);
  if (other == 0) {
    // LevelDB's own way to lock, as its tools have it.
    leveldb::FileLock* lock = nullptr;
    auto locked = leveldb::Env::Default()->LockFile(dir + "/LOCK", &lock);
    ::_exit(locked.ok() ? 1 : 0);
  }
  int status = 0;
  REQUIRE(::waitpid(other, &status, 0) == other);
  CHECK(WEXITSTATUS(status) == 0);

  *store = node_store{};
  CHECK(node_store::open(dir, demo, disk));
}

TEST_CASE("a lock that can't be opened is an error with its reason") {
  temporary_directory temporary;
  posix_disk disk;
  auto dir = temporary.at("node");
  auto open = [&] { return node_store::open(dir, demo, disk); };
  REQUIRE(open());
  // Another user's file is refused in the same place; root is refused nothing.
  for (const char* lock : {"node/LOCK", "node/state/LOCK"}) {
    CAPTURE(lock);
    std::filesystem::remove(temporary.at(lock));
    std::filesystem::create_directory(temporary.at(lock));

    auto refused = open();

    REQUIRE_FALSE(refused);
    CHECK(refused.failure().code == errc::io_failed);
    CHECK(refused.failure().context.find("LOCK: Is a directory")
          != std::string::npos);
    std::filesystem::remove(temporary.at(lock));
  }
  CHECK(open());
}

TEST_CASE("a directory that can't be is an error with its reason") {
  temporary_directory temporary;
  posix_disk disk;
  std::ofstream{temporary.at("file")} << "text";

  auto below_nothing = node_store::open(temporary.at("a/b"), demo, disk);
  auto a_file = node_store::open(temporary.at("file"), demo, disk);

  CHECK(below_nothing.failure().code == errc::io_failed);
  CHECK(a_file.failure().code == errc::io_failed);
  CHECK_FALSE(std::filesystem::exists(temporary.at("a")));
  CHECK(disk.free_bytes(temporary.at("")) > 0);
  CHECK(disk.free_bytes(temporary.at("a")) == 0);
  CHECK_FALSE(disk.sync_directory(temporary.at("a")).ok());
}

TEST_CASE("a table is read where it is asked for, by a descriptor of its own") {
  temporary_directory temporary;
  posix_disk disk;
  std::ofstream{temporary.at("table")} << "0123456789";
  auto file = open_table(disk, temporary.at("table"));
  std::string scratch(4, '?');
  leveldb::Slice found;

  REQUIRE(file->Read(3, scratch.size(), &found, scratch.data()).ok());

  CHECK(found.ToString() == "3456");
  // Else LevelDB would take it for mapped, and not cache it.
  CHECK(found.data() == scratch.data());
  CHECK(read(*file, 0, 10).bytes == "0123456789");
  CHECK(read(*file, 10, 0).status.ok());
  // LevelDB removes tables that somebody still reads.
  std::filesystem::remove(temporary.at("table"));
  CHECK(read(*file, 9, 1).bytes == "9");
}

TEST_CASE("a table that ends too early is damage, and says where") {
  temporary_directory temporary;
  posix_disk disk;
  auto path = temporary.at("table");
  std::ofstream{path} << "0123456789";
  auto file = open_table(disk, path);

  auto across_the_end = read(*file, 8, 4).status;
  auto beyond_the_end = read(*file, 20, 4).status;

  CHECK(across_the_end.IsCorruption());
  CHECK(across_the_end.ToString()
        == "Corruption: " + path
             + ": nothing at byte 10, expected bytes up to "
               "12");
  CHECK(beyond_the_end.IsCorruption());
  CHECK(beyond_the_end.ToString()
        == "Corruption: " + path
             + ": nothing at byte 20, expected bytes up to "
               "24");
}

TEST_CASE("a table that can't be opened is an error with its reason") {
  temporary_directory temporary;
  posix_disk disk;
  leveldb::RandomAccessFile* file = nullptr;

  auto missing = disk.env().NewRandomAccessFile(temporary.at("table"), &file);
  REQUIRE(file == nullptr);
  auto opened = disk.env().NewRandomAccessFile(temporary.at(""), &file);
  std::unique_ptr<leveldb::RandomAccessFile> directory{file};

  CHECK(missing.ToString()
        == "IO error: " + temporary.at("table")
             + ": No such file or directory");
  REQUIRE(opened.ok());
  CHECK(read(*directory, 0, 1).status.ToString()
        == "IO error: " + temporary.at("") + ": Is a directory");
}

TEST_CASE("a missing table is not taken for a key that isn't there") {
  temporary_directory temporary;
  posix_disk disk;
  auto key = key_prefix({1}, {actor_kind::user, main_tenant, "alice"}) + "k";
  writes made;
  made.put(key, "value");
  {
    auto store = state_store::open(temporary.at("state"), disk, {});
    REQUIRE(store);
    committed_entry entry{{1}, 1, 1, made.bytes()};
    REQUIRE((*store)->apply({&entry, 1}));
  }
  // An opening makes a table of what the log holds; the next finds it.
  REQUIRE(state_store::open(temporary.at("state"), disk, {}));
  auto store = state_store::open(temporary.at("state"), disk, {});
  REQUIRE(store);
  auto removed = 0;
  for (const auto& x :
       std::filesystem::directory_iterator{temporary.at("state")})
    if (x.path().extension() == ".ldb")
      removed += std::filesystem::remove(x.path()) ? 1 : 0;
  REQUIRE(removed == 1);

  auto found = (*store)->get(key);

  REQUIRE_FALSE(found);
  CHECK(found.failure().code == errc::io_failed);
}

} // namespace posix_disk_test
