#include "persistence/guarded_env.hpp"

#include "persistence/keys.hpp"
#include "persistence/log_store.hpp"
#include "persistence/record_file.hpp"
#include "persistence/state_store.hpp"
#include "persistence/writes.hpp"
#include "tests/sim/memory_disk.hpp"

#include <algorithm>
#include <doctest/doctest.h>

namespace guarded_env_test {

using namespace iris;
using namespace iris::persistence;
using iris::sim::io;
using iris::sim::memory_disk;

namespace {

constexpr std::size_t write_buffer = 64 * 1024;
constexpr std::uint64_t seeds = 60;

const guard_rules all_rules;

guard_rules without(bool guard_rules::*rule) {
  guard_rules out;
  out.*rule = false;
  return out;
}

/// In how many of the seeds `survives` says no.
template <class Scenario>
int losses(const guard_rules& rules, Scenario&& survives) {
  auto out = 0;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    memory_disk disk{seed};
    disk.set_rules(rules);
    out += survives(disk) ? 0 : 1;
  }
  return out;
}

std::unique_ptr<leveldb::WritableFile> make(leveldb::Env& env,
                                            const std::string& path) {
  leveldb::WritableFile* out = nullptr;
  auto status = env.NewWritableFile(path, &out);
  return std::unique_ptr<leveldb::WritableFile>{status.ok() ? out : nullptr};
}

// -- a log with one acknowledged entry, and a crash ---------------------------

log_change first_entry(std::size_t size = 1) {
  log_change out;
  out.shard = {1};
  out.first_index = 1;
  out.entries = {{1, 1, std::make_shared<const std::string>(size, 'x')}};
  return out;
}

bool log_survives(memory_disk& disk) {
  {
    auto store = log_store::open("/log", disk);
    REQUIRE(store);
    auto change = first_entry();
    REQUIRE((*store)->append({&change, 1}));
    disk.crash();
  }
  auto store = log_store::open("/log", disk);
  return store && (*store)->load({1})->entries.size() == 1;
}

bool torn_log_survives(memory_disk& disk) {
  {
    auto store = log_store::open("/log", disk);
    REQUIRE(store);
    auto change = first_entry();
    REQUIRE((*store)->append({&change, 1}));
    change = first_entry(3000);
    change.first_index = 2;
    disk.power_off_at(3); // header and payload are written, not synced
    REQUIRE_FALSE((*store)->append({&change, 1}));
    disk.crash();
  }
  auto store = log_store::open("/log", disk);
  return store && !(*store)->load({1})->entries.empty();
}

// -- a state that is written until its log rolls over, synced, and a crash ----

/// Whether all that a successful sync stands for is there after the crash.
/// `roll` is called before the write that rolls over.
template <class Roll>
bool synced_state_survives(memory_disk& disk, Roll&& roll) {
  auto key = key_prefix({1}, {actor_kind::user, main_tenant, "u"});
  std::uint64_t last = 0;
  auto synced = false;
  {
    auto store = state_store::open("/state", disk, {write_buffer, 0, true});
    REQUIRE(store);
    disk.hold_background(true);
    auto apply = [&] {
      writes made;
      made.put(key + std::to_string(++last), std::string(10'000, 'x'));
      committed_entry entry{{1}, last, 1, made.bytes()};
      return static_cast<bool>((*store)->apply({&entry, 1}));
    };
    // LevelDB rolls over when the buffer has been exceeded.
    while (last < 7)
      REQUIRE(apply());
    auto creates = disk.count(io::create);
    roll();
    synced = apply() && (*store)->sync();
    REQUIRE(disk.count(io::create) == creates + 1);
    disk.crash();
    disk.hold_background(false);
  }
  if (!synced)
    return true;
  auto store = state_store::open("/state", disk);
  if (!store || (*store)->applied({1})->index != last)
    return false;
  for (; last > 0; --last) {
    auto value = (*store)->get(key + std::to_string(last));
    if (!value || !*value)
      return false;
  }
  return true;
}

bool rolled_state_survives(memory_disk& disk) {
  return synced_state_survives(disk, [] {});
}

/// The sync of the log that is closed at the rollover fails; LevelDB doesn't
/// look at that.
bool badly_closed_state_survives(memory_disk& disk) {
  // New log, its directory, then the old one's sync.
  return synced_state_survives(disk, [&] { disk.fail_at(3); });
}

} // namespace

// Each of these loses something without its rule, so the rule is needed, and
// nothing with it.

TEST_CASE("without synced directories a crash takes acknowledged entries") {
  CHECK(losses(all_rules, log_survives) == 0);
  CHECK(losses(without(&guard_rules::sync_directories), log_survives) > 0);
}

TEST_CASE("without synced old logs a crash takes what was synced behind them") {
  CHECK(losses(all_rules, rolled_state_survives) == 0);
  CHECK(losses(without(&guard_rules::sync_closed_logs), rolled_state_survives)
        > 0);
}

TEST_CASE("without the latch a sync is acknowledged that can't be kept") {
  CHECK(losses(all_rules, badly_closed_state_survives) == 0);
  CHECK(
    losses(without(&guard_rules::latch_failures), badly_closed_state_survives)
    > 0);
}

TEST_CASE("without leave for torn tails a crash makes a log unreadable") {
  CHECK(losses(all_rules, torn_log_survives) == 0);
  CHECK(losses(without(&guard_rules::accept_torn_tails), torn_log_survives)
        > 0);
}

TEST_CASE("a log that is synced is given room ahead, and keeps none") {
  memory_disk disk;
  guard_rules rules;
  rules.reserve_bytes = 1000;
  disk.set_rules(rules);
  guarded_env env{disk, torn_tail::last_record};
  auto file = make(env, "/000001.log");
  auto size = [&] { return disk.files().at("/000001.log").size(); };
  REQUIRE(file);

  CHECK(size() == 0);
  CHECK(file->Append("x").ok());
  CHECK(size() == 1000);
  CHECK(file->Append(std::string(998, 'x')).ok());
  CHECK(size() == 1000);
  CHECK(file->Append("x").ok());
  CHECK(size() == 2000);
  CHECK(file->Append(std::string(2500, 'x')).ok());
  CHECK(size() == 4000);
  CHECK(disk.count(io::reserve) == 3);
  CHECK(file->Close().ok());
  CHECK(disk.files().at("/000001.log") == std::string(3500, 'x'));
}

TEST_CASE("no room is reserved in what isn't synced record by record") {
  memory_disk disk;
  guarded_env logs{disk, torn_tail::last_record};
  guarded_env state{disk, torn_tail::any_records};

  CHECK(make(logs, "/000005.ldb")->Append("x").ok());
  CHECK(make(logs, "/MANIFEST-000001")->Append("x").ok());
  CHECK(make(state, "/000001.log")->Append("x").ok());

  CHECK(disk.count(io::reserve) == 0);
  CHECK(disk.count(io::truncate) == 0);
}

TEST_CASE("a log that can't be given room is written all the same") {
  memory_disk disk;
  guarded_env env{disk, torn_tail::last_record};
  auto file = make(env, "/000001.log");
  REQUIRE(file);
  disk.fail_at({1, io::reserve}, memory_disk::effect::done);

  CHECK(file->Append("x").ok());
  CHECK(file->Append(std::string(50'000, 'x')).ok());
  CHECK(file->Close().ok());

  CHECK(disk.count(io::reserve) == 1);
  CHECK(env.failure().ok());
  CHECK(disk.files().at("/000001.log") == std::string(50'001, 'x'));
}

TEST_CASE("after the first failure every call that writes fails the same") {
  memory_disk disk;
  guarded_env env{disk, torn_tail::last_record};
  auto file = make(env, "/a");
  REQUIRE(file);
  disk.fail_at(1);

  auto first = file->Sync();

  CHECK_FALSE(first.ok());
  auto calls = disk.count();
  auto same = [&](const leveldb::Status& status) {
    CHECK(status.ToString() == first.ToString());
  };
  same(env.failure());
  same(file->Append("x"));
  same(file->Flush());
  same(file->Sync());
  same(file->Close());
  leveldb::WritableFile* other = nullptr;
  same(env.NewWritableFile("/b", &other));
  same(env.RenameFile("/a", "/b"));
  same(env.RemoveFile("/a"));
  same(env.CreateDir("/d"));
  CHECK(disk.count() == calls);
  CHECK(disk.files().count("/a") == 1);
}

TEST_CASE("each kind of failure is remembered") {
  using step = std::function<void(guarded_env&, leveldb::WritableFile&)>;
  const std::vector<step> steps{
    [](auto& env, auto&) { make(env, "/b"); },
    [](auto& env, auto&) { env.CreateDir("/d"); },
    [](auto& env, auto&) { env.RenameFile("/1.log", "/b"); },
    [](auto&, auto& file) { file.Append("x"); },
    [](auto&, auto& file) { file.Sync(); },
    [](auto&, auto& file) { file.Close(); },
  };
  for (const auto& run : steps) {
    memory_disk disk;
    guarded_env env{disk, torn_tail::last_record};
    auto file = make(env, "/1.log");
    REQUIRE(file);
    CHECK(env.failure().ok());
    disk.fail_at(1);
    run(env, *file);
    CHECK_FALSE(env.failure().ok());
  }
}

TEST_CASE("a name is durable when the call that made it returns") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    memory_disk disk{seed};
    guarded_env env{disk, torn_tail::last_record};
    REQUIRE(env.CreateDir("/d").ok());
    REQUIRE(make(env, "/d/a"));
    REQUIRE(make(env, "/d/b"));
    REQUIRE(env.RenameFile("/d/b", "/d/c").ok());

    disk.crash();

    CHECK(disk.files()
          == std::map<std::string, std::string>{{"/d/a", ""}, {"/d/c", ""}});
  }
}

TEST_CASE(
  "a log is synced when it is closed, if it has to be, and a table isn't") {
  memory_disk disk;
  guarded_env env{disk, torn_tail::last_record};
  auto syncs = [&](const char* path, auto&& use) {
    auto file = make(env, path);
    auto before = disk.count(io::sync);
    use(file);
    file.reset();
    return disk.count(io::sync) - before;
  };

  CHECK(syncs("/000001.log", [](auto& x) { x->Append("x"); }) == 1);
  CHECK(syncs("/000002.log",
              [](auto& x) {
                x->Append("x");
                x->Close();
              })
        == 1);
  CHECK(syncs("/000003.log",
              [](auto& x) {
                x->Append("x");
                x->Sync();
              })
        == 1);
  CHECK(syncs("/000004.log", [](auto&) {}) == 0);
  CHECK(syncs("/000005.ldb", [](auto& x) { x->Append("x"); }) == 0);
  CHECK(disk.count(io::close) == 5);
}

TEST_CASE("a MANIFEST that may be needed is not removed after a failure") {
  // LevelDB removes a new MANIFEST when it can't be sure of CURRENT. The
  // rename may be done all the same.
  for (std::uint64_t n = 1;; ++n) {
    memory_disk disk;
    REQUIRE(log_store::open("/log", disk));
    disk.fail_at(n, memory_disk::effect::done);
    auto opened = log_store::open("/log", disk);
    if (opened)
      break;
    auto current = disk.files().at("/log/CURRENT");
    CAPTURE(n);
    CHECK(disk.files().count("/log/" + current.substr(0, current.size() - 1))
          == 1);
    CHECK(log_store::open("/log", disk));
  }
}

namespace {

/// A database as LevelDB leaves it, with three records in its log and as many
/// in its MANIFEST.
void make_database(memory_disk& disk) {
  auto store = log_store::open("/log", disk, {write_buffer, 0, true});
  REQUIRE(store);
  for (std::uint64_t i = 1; i <= 5; ++i) {
    auto change = first_entry(i == 1 ? 80'000 : 10);
    change.first_index = i;
    REQUIRE((*store)->append({&change, 1}));
  }
  disk.kill();
}

/// The path of the newest file below /log that ends, or begins, so.
std::string newest(const memory_disk& disk, const std::string& part) {
  std::string out;
  for (const auto& [path, bytes] : disk.files())
    if (path.find(part) != std::string::npos && !bytes.empty())
      out = path;
  return out;
}

/// Its last record ends with an x.
std::string without_room(const std::string& log) {
  return log.substr(0, log.find_last_not_of('\0') + 1);
}

leveldb::Status read(memory_disk& disk, const std::string& path, torn_tail tail,
                     std::string& bytes) {
  guarded_env env{disk, tail};
  return leveldb::ReadFileToString(&env, path, &bytes);
}

} // namespace

TEST_CASE("the newest log is read without its torn end, an older one never") {
  memory_disk disk;
  make_database(disk);
  auto path = newest(disk, ".log");
  auto whole = without_room(disk.files().at(path));
  std::string bytes;
  disk.plant(path, whole + "torn");

  CHECK(read(disk, path, torn_tail::last_record, bytes).ok());
  CHECK(bytes == whole);
  disk.plant("/log/999999.log", "");
  CHECK(read(disk, path, torn_tail::last_record, bytes).ok());
  CHECK(bytes == whole);
  disk.plant("/log/999999.log", "x");
  CHECK(read(disk, path, torn_tail::last_record, bytes).IsCorruption());
  CHECK(read(disk, path, torn_tail::any_records, bytes).IsCorruption());
}

TEST_CASE("zeros behind the last record are what was reserved, in any log") {
  memory_disk disk;
  make_database(disk);
  auto path = newest(disk, ".log");
  auto ending = disk.files().at(path);
  auto whole = without_room(ending);
  std::string bytes;

  // It was killed, so the room is still there.
  CHECK(ending.size() > whole.size() + 1000);
  for (auto* newer : {"", "x"}) {
    disk.plant("/log/999999.log", newer);
    guarded_env env{disk, torn_tail::last_record};
    CHECK(leveldb::ReadFileToString(&env, path, &bytes).ok());
    CHECK(bytes == whole);
    CHECK_FALSE(env.tail_was_torn());
  }
}

TEST_CASE("a record that a crash took part of is torn, with zeros behind it "
          "too, and damage before a record is none") {
  memory_disk disk;
  make_database(disk);
  auto path = newest(disk, ".log");
  auto ending = disk.files().at(path);
  auto end = without_room(ending).size();
  auto begin = readable_bytes(ending.substr(0, end - 1));
  REQUIRE(begin < end);
  std::string bytes;
  for (auto [first, last] :
       {std::pair{begin, begin + 1}, {begin + 7, end}, {end - 1, end}}) {
    auto bad = ending;
    bad.replace(first, last - first, last - first, '\0');
    disk.plant(path, bad);
    guarded_env env{disk, torn_tail::last_record};
    CHECK(leveldb::ReadFileToString(&env, path, &bytes).ok());
    CHECK(bytes == ending.substr(0, begin));
    CHECK(env.tail_was_torn());

    auto record = ending.substr(begin, end - begin);
    disk.plant(path, bad.substr(0, end) + record + std::string(500, '\0'));
    CHECK(read(disk, path, torn_tail::last_record, bytes).IsCorruption());
    CHECK(read(disk, path, torn_tail::any_records, bytes).ok());
    CHECK(bytes == ending.substr(0, begin));
  }
}

TEST_CASE("a large record is torn whichever of its blocks is missing") {
  memory_disk disk;
  {
    auto store = log_store::open("/log", disk);
    REQUIRE(store);
    for (std::uint64_t i = 1; i <= 2; ++i) {
      auto change = first_entry(i == 1 ? 10 : 100'000);
      change.first_index = i;
      REQUIRE((*store)->append({&change, 1}));
    }
    disk.kill();
  }
  const auto files = disk.files();
  auto path = newest(disk, ".log");
  constexpr std::size_t block = 32768;
  for (std::size_t missing = 0; missing < 4; ++missing) {
    CAPTURE(missing);
    memory_disk other;
    for (const auto& [name, content] : files)
      other.plant(name, content);
    auto bad = files.at(path);
    // The record before is in the first block.
    auto from = missing == 0 ? std::size_t{200} : missing * block;
    auto to = std::min((missing + 1) * block, bad.size());
    bad.replace(from, to - from, to - from, '\0');
    other.plant(path, bad);

    auto store = log_store::open("/log", other);

    REQUIRE(store);
    CHECK((*store)->tail_was_torn());
    CHECK((*store)->load({1})->entries.size() == 1);
  }
}

TEST_CASE("a log with records behind the damage is read as its store allows") {
  memory_disk disk;
  make_database(disk);
  auto path = newest(disk, ".log");
  disk.flip_bit(path, 8, 0);
  std::string bytes;

  CHECK(read(disk, path, torn_tail::last_record, bytes).IsCorruption());
  CHECK(read(disk, path, torn_tail::any_records, bytes).ok());
  CHECK(bytes.empty());
}

TEST_CASE("a MANIFEST is read without its torn end, and not if it is damaged") {
  memory_disk disk;
  make_database(disk);
  auto path = newest(disk, "MANIFEST-");
  auto whole = disk.files().at(path);
  std::string bytes;
  for (const std::string& torn :
       {std::string(20, '\0'), std::string(20, '\xff')}) {
    disk.plant(path, whole + torn);
    CHECK(read(disk, path, torn_tail::last_record, bytes).ok());
    CHECK(bytes == whole);
  }

  disk.plant(path, whole);
  disk.flip_bit(path, 8, 0);
  CHECK(read(disk, path, torn_tail::any_records, bytes).IsCorruption());
}

} // namespace guarded_env_test
