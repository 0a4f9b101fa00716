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
