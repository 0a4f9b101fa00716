#include "cluster/shard.hpp"
#include "persistence/keys.hpp"
#include "tests/sim/memory_disk.hpp"
#include "tests/sim/world.hpp"

#include <doctest/doctest.h>

namespace shard_test {

using namespace iris;
using namespace iris::sim;
using namespace std::chrono_literals;

namespace {

/// One shard on stores of its own, without actors.
struct lone_shard {
  lone_shard() {
    auto found = log.load(id);
    REQUIRE(found);
    replica.start({std::move(*found), {}});
    REQUIRE(here.run(10s, [this] { return replica.leading(); }));
  }

  template <class Store>
  static std::unique_ptr<Store> open(const char* dir, memory_disk& disk) {
    auto out = Store::open(dir, disk, {});
    REQUIRE(out);
    return std::move(*out);
  }

  void stage(const std::string& value) {
    persistence::writes out;
    out.put(key, value);
    replica.stage(out, {{}, [] {}});
  }

  const shard_id id{0};
  const std::string key =
    persistence::key_prefix(id, {persistence::actor_kind::user, {0}, "alice"});
  world here{1};
  memory_disk disk{1};
  std::unique_ptr<persistence::log_store> log_owner =
    open<persistence::log_store>("/log", disk);
  std::unique_ptr<persistence::state_store> state_owner =
    open<persistence::state_store>("/state", disk);
  persistence::log_store& log = *log_owner;
  disk_thread home{here, 1us}, log_thread{here, 2ms}, state_thread{here, 2ms},
    readers{here, 1us};
  persistence::log_writer log_writer{log, log_thread};
  persistence::state_writer state_writer{*state_owner, state_thread, 1 << 20};
  cluster::shard_mail mail{nullptr};
  cluster::shard replica{{id,
                          {1},
                          log_writer,
                          state_writer,
                          *state_owner,
                          home,
                          readers,
                          here,
                          mail,
                          {{1}}},
                         {.on_leading = [this] { replica.lead(); }}};
};

} // namespace

TEST_CASE("a read of what is staged sees it, in flight or still open") {
  lone_shard a;
  std::vector<std::string> seen;
  auto look = [&](const persistence::state_store& store) {
    auto found = store.get(a.key);
    REQUIRE(found);
    seen.push_back(found->value_or("nothing"));
  };

  a.replica.read_staged(look);
  REQUIRE(a.here.run(1s, [&] { return seen.size() == 1; }));
  a.stage("in flight");
  a.here.run(10us); // The turn ends, and the entry is on its way.
  a.replica.read_staged(look);
  a.stage("open");
  a.replica.read_staged(look);
  a.replica.read(look);

  a.here.run(1s);
  // A read may see more than it asked for, never less.
  REQUIRE(seen.size() == 4);
  CHECK(seen[1] == "nothing");
  CHECK(seen[2] != "nothing");
  CHECK(seen[3] == "open");
}

} // namespace shard_test
