#include "persistence/node_store.hpp"

#include "base/hash.hpp"
#include "persistence/keys.hpp"
#include "persistence/writes.hpp"
#include "tests/sim/memory_disk.hpp"

#include <doctest/doctest.h>

namespace node_store_test {

using namespace iris;
using namespace iris::persistence;
using iris::sim::memory_disk;

namespace {

const identity demo{"demo", node_id{1}, 4};

/// A store with some data, closed again.
void make_store(memory_disk& disk) {
  auto store = node_store::open("/node", demo, disk);
  REQUIRE(store);
  log_change change;
  change.shard = {1};
  change.first_index = 1;
  change.entries = {{1, 1, std::make_shared<const std::string>("entry")}};
  REQUIRE(store->log->append({&change, 1}));
  writes made;
  made.put(key_prefix({1}, {actor_kind::user, main_tenant, "u"}), "value");
  committed_entry entry{{1}, 1, 1, made.bytes()};
  REQUIRE(store->state->apply({&entry, 1}));
}

/// What opening fails with.
error failure_of(memory_disk& disk, const identity& who = demo) {
  auto opened = node_store::open("/node", who, disk);
  REQUIRE_FALSE(opened);
  return opened.failure();
}

/// The same, when it must have changed no file.
error refusal(memory_disk& disk, const identity& who = demo) {
  auto before = disk.files();
  auto out = failure_of(disk, who);
  // A lock is no data.
  before.try_emplace("/node/LOCK");
  auto after = disk.files();
  after.try_emplace("/node/LOCK");
  CHECK(after == before);
  return out;
}

/// The disk without the files that begin with `path`.
std::unique_ptr<memory_disk> without(const memory_disk& disk,
                                     const std::string& path) {
  auto out = std::make_unique<memory_disk>();
  for (const auto& [name, bytes] : disk.files())
    if (!name.starts_with(path))
      out->plant(name, bytes);
  return out;
}

} // namespace

TEST_CASE("a store is made where nothing is, and opened again") {
  memory_disk disk;

  make_store(disk);

  CHECK(disk.files().at("/node/IDENTITY") == encode(demo));
  CHECK(disk.files().count("/node/IDENTITY.new") == 0);
  auto store = node_store::open("/node", demo, disk);
  REQUIRE(store);
  CHECK(*store->log->load({1})->entries[0].payload == "entry");
  CHECK(store->state->applied({1})->index == 1);
}

TEST_CASE("a store keeps the number and the founders it was made with") {
  identity first{"demo", node_id{1}, 4, 0xabc, {{1}, {2}}};
  identity later{"demo", node_id{1}, 4, 0xdef, {{1}, {2}, {3}}};
  memory_disk disk;
  CHECK(node_store::open("/node", first, disk)->self == first);

  CHECK(node_store::open("/node", later, disk)->self == first);

  CHECK(disk.files().at("/node/IDENTITY") == encode(first));
}

TEST_CASE("a store from before there were numbers has none, for good") {
  memory_disk disk;
  make_store(disk);
  auto before = disk.files().at("/node/IDENTITY");

  auto store =
    node_store::open("/node", {"demo", node_id{1}, 4, 7, {{1}}}, disk);

  REQUIRE(store);
  CHECK(store->self == demo);
  CHECK(disk.files().at("/node/IDENTITY") == before);
}

TEST_CASE(
  "a creation that is gone on with keeps its number, or has told none") {
  identity first{"demo", node_id{1}, 4, 0xabc};
  identity second{"demo", node_id{1}, 4, 0xdef};
  for (std::uint64_t n = 1; n <= 40; ++n) {
    CAPTURE(n);
    memory_disk disk;
    disk.power_off_at(n);
    static_cast<void>(node_store::open("/node", first, disk));
    disk.crash();

    auto self = node_store::open("/node", second, disk)->self;

    CHECK((self == first || self == second));
    CHECK(disk.files().at("/node/IDENTITY") == encode(self));
  }
}

TEST_CASE("a store is made in an empty directory, a mounted one too") {
  memory_disk disk;
  disk.plant("/node/lost+found/x", "");
  REQUIRE(disk.env().RemoveFile("/node/lost+found/x").ok());

  CHECK(node_store::open("/node", demo, disk));
}

TEST_CASE("another's store is foreign") {
  memory_disk disk;
  make_store(disk);

  CHECK(refusal(disk, {"prod", node_id{1}, 4})
        == error{errc::store_foreign,
                 "/node belongs to node 1 of cluster 'demo' with 4 shards, "
                 "expected node 1 of cluster 'prod' with 4 shards: mount the "
                 "right disk, or correct the configuration"});
  CHECK(refusal(disk, {"demo", node_id{2}, 4}).code == errc::store_foreign);
  CHECK(refusal(disk, {"demo", node_id{1}, 8}).code == errc::store_foreign);
}

TEST_CASE("a directory with other things is foreign, and gets no file") {
  memory_disk disk;
  disk.plant("/node/photo.jpg", "...");
  auto before = disk.files();

  CHECK(refusal(disk)
        == error{errc::store_foreign,
                 "/node holds photo.jpg, expected a store of Iris or an empty "
                 "directory: name another one"});
  CHECK(disk.files() == before);
}

TEST_CASE("a store of a later version is newer") {
  memory_disk disk;
  make_store(disk);
  std::string later = "iris store\nschema 3\nanything\n";
  char check[17];
  std::snprintf(check, sizeof check, "%016lx", hash64(later));
  disk.plant("/node/IDENTITY", later + "check " + check + "\n");

  CHECK(refusal(disk).code == errc::store_newer);
}

TEST_CASE("an identity that is garbage is corrupt") {
  memory_disk disk;
  make_store(disk);
  for (std::string bad : {"", "garbage", "iris store\n"}) {
    disk.plant("/node/IDENTITY", bad);
    auto failure = refusal(disk);
    CHECK(failure.code == errc::corrupt);
    CHECK(failure.context.starts_with("/node/IDENTITY: "));
  }
}

TEST_CASE("a store without one of its parts is missing") {
  memory_disk disk;
  make_store(disk);
  for (auto part :
       {"/node/state", "/node/state/", "/node/log", "/node/log/",
        "/node/IDENTITY", "/node/state/CURRENT", "/node/log/CURRENT"}) {
    CAPTURE(part);
    auto rest = without(disk, part);
    // An emptied directory is as bad as none.
    if (std::string_view{part}.ends_with('/'))
      rest->plant(part + std::string{"LOCK"}, "");
    auto failure = failure_of(*rest);
    CHECK(failure.code == errc::store_missing);
    CHECK(failure.context.find("/node") == 0);
    CHECK(failure.context.find("expected") != std::string::npos);
  }
}

TEST_CASE("a database that lost a file is corrupt") {
  memory_disk disk;
  make_store(disk);
  // Recovery makes tables of the logs.
  REQUIRE(node_store::open("/node", demo, disk));
  auto lost = 0;
  for (const auto& file : disk.files()) {
    const auto& path = file.first;
    if (path.ends_with("LOCK") || path.ends_with("IDENTITY")
        || path.ends_with("CURRENT"))
      continue;
    CAPTURE(path);
    CHECK(failure_of(*without(disk, path)).code == errc::corrupt);
    ++lost;
  }
  // A MANIFEST, a log and a table of each.
  CHECK(lost == 6);
}

TEST_CASE("a store that is open is locked") {
  memory_disk disk;
  auto store = node_store::open("/node", demo, disk);
  REQUIRE(store);

  CHECK(refusal(disk)
        == error{errc::store_locked,
                 "/node is in use, expected no other process to have it open: "
                 "stop the other one"});
}

TEST_CASE("a database that somebody has open is locked") {
  memory_disk disk;
  make_store(disk);
  auto state = state_store::open("/node/state", disk);
  REQUIRE(state);

  CHECK(refusal(disk).code == errc::store_locked);
}

TEST_CASE("a state that is older than the log's floor is corrupt") {
  memory_disk disk;
  make_store(disk);
  {
    auto store = node_store::open("/node", demo, disk);
    REQUIRE(store);
    log_change change;
    change.shard = {1};
    change.first_index = 2;
    change.entries = {{1, 1, std::make_shared<const std::string>("more")}};
    REQUIRE(store->log->append({&change, 1}));
    log_change cut;
    cut.shard = {1};
    cut.floor = log_floor{2, 1, "", 0};
    cut.keep_from = 3;
    REQUIRE(store->log->append({&cut, 1}));
  }

  CHECK(failure_of(disk)
        == error{errc::corrupt,
                 "/node: the state of shard 1 ends at entry 1, expected at "
                 "least 2, where its log begins: restore a backup of both, or "
                 "replace this node by a new one"});
}

TEST_CASE("a state that is being copied may be older than the log's floor") {
  memory_disk disk;
  make_store(disk);
  {
    auto store = node_store::open("/node", demo, disk);
    REQUIRE(store);
    REQUIRE(store->state->clear({1}, 1));
    log_change cut;
    cut.shard = {1};
    cut.first_index = 8;
    cut.floor = log_floor{7, 1, "", 0};
    cut.keep_from = 8;
    REQUIRE(store->log->append({&cut, 1}));
  }

  auto store = node_store::open("/node", demo, disk);
  REQUIRE(store);
  CHECK(*store->state->incomplete({1}));
  CHECK(store->log->floor({1})->index == 7);
}

TEST_CASE("an interrupted creation is gone on with, wherever it stopped") {
  std::uint64_t calls = 0;
  {
    memory_disk disk;
    REQUIRE(node_store::open("/node", demo, disk));
    calls = disk.count();
  }
  REQUIRE(calls > 40);
  for (std::uint64_t n = 1; n <= calls; ++n)
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      memory_disk disk{seed};
      disk.power_off_at(n);
      static_cast<void>(node_store::open("/node", demo, disk));
      disk.crash();

      auto store = node_store::open("/node", demo, disk);

      CAPTURE(n);
      CAPTURE(seed);
      if (!store)
        MESSAGE(to_string(store.failure()));
      REQUIRE(store);
      CHECK(store->state->applied({1})->index == 0);
    }
}

TEST_CASE("a creation that failed is gone on with, and what it makes lasts") {
  std::uint64_t calls = 0;
  {
    memory_disk disk;
    REQUIRE(node_store::open("/node", demo, disk));
    calls = disk.count();
  }
  for (auto how : {memory_disk::effect::none, memory_disk::effect::done})
    for (std::uint64_t n = 1; n <= calls; ++n)
      for (std::uint64_t seed = 0; seed < 5; ++seed) {
        CAPTURE(n);
        CAPTURE(seed);
        memory_disk disk{seed};
        disk.fail_at(n, how);
        static_cast<void>(node_store::open("/node", demo, disk));
        // The kernel still has what no sync wrote.
        disk.kill();
        make_store(disk);

        disk.crash();

        auto store = node_store::open("/node", demo, disk);
        if (!store)
          MESSAGE(to_string(store.failure()));
        REQUIRE(store);
        auto found = store->log->load({1});
        REQUIRE(found);
        REQUIRE(found->entries.size() == 1);
        CHECK(*found->entries[0].payload == "entry");
      }
}

TEST_CASE("an interrupted creation belongs to the node that began it") {
  memory_disk disk;
  disk.fail_at(30);
  REQUIRE_FALSE(node_store::open("/node", demo, disk));
  REQUIRE(disk.files().count("/node/IDENTITY.new") == 1);

  CHECK(refusal(disk, {"demo", node_id{2}, 4}).code == errc::store_foreign);
  CHECK(node_store::open("/node", demo, disk));
}

TEST_CASE("a damaged draft with data beside it is corrupt") {
  memory_disk disk;
  disk.fail_at(30);
  REQUIRE_FALSE(node_store::open("/node", demo, disk));
  disk.plant("/node/IDENTITY.new", "garbage");

  CHECK(refusal(disk).code == errc::corrupt);
}

} // namespace node_store_test
