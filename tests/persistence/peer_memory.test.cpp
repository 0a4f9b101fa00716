#include "persistence/peer_memory.hpp"

#include "base/thread_executor.hpp"
#include "tests/hand_executor.hpp"
#include "tests/sim/memory_disk.hpp"

#include <doctest/doctest.h>

#include <optional>

using namespace iris;
using namespace iris::persistence;
using iris::sim::memory_disk;

namespace {

constexpr node_id two{2};
constexpr known_peer first_start{0xabc, 5};

/// The memory of one process of a node.
class life {
public:
  explicit life(memory_disk& disk) {
    auto store = log_store::open("/log", disk);
    REQUIRE(store);
    store_ = *std::move(store);
    auto memory = peer_memory::open(*store_, thread_);
    REQUIRE(memory);
    memory_ = *std::move(memory);
  }

  result<void> admit(known_peer process, node_id node = two) {
    return memory_->admit(node, process);
  }
  log_store& store() { return *store_; }
  void stop() { thread_.stop(); }

private:
  std::unique_ptr<log_store> store_;
  std::unique_ptr<peer_memory> memory_;
  thread_executor thread_{"iris-test"};
};

} // namespace

TEST_CASE("who is met first is admitted, again too, and remembered once") {
  memory_disk disk;
  life node{disk};
  auto syncs = disk.count(sim::io::sync);

  CHECK(node.admit(first_start));
  CHECK(node.admit(first_start));

  CHECK(disk.count(sim::io::sync) == syncs + 1);
  CHECK(*node.store().peers()
        == std::map<node_id, known_peer>{{two, first_start}});
}

TEST_CASE(
  "a node that comes with another store is refused, after a crash too") {
  memory_disk disk;
  {
    life node{disk};
    REQUIRE(node.admit(first_start));
    disk.crash();
  }
  life node{disk};

  auto wiped = node.admit({0xdef, 1});

  REQUIRE_FALSE(wiped);
  CHECK(
    wiped.failure()
    == error{errc::store_foreign,
             "node 2 comes with another store than before: its disk was "
             "wiped or replaced; found store 0000000000000def, expected "
             "store 0000000000000abc; start it with its own disk, as that is "
             "now"});
  CHECK_FALSE(node.admit({0, 6}));
  CHECK(node.admit(first_start));
}

TEST_CASE("a node that starts again is remembered as such") {
  memory_disk disk;
  {
    life node{disk};
    REQUIRE(node.admit(first_start));
    REQUIRE(node.admit({0xabc, 6}));
    disk.crash();
  }
  life node{disk};

  auto old = node.admit(first_start);

  REQUIRE_FALSE(old);
  CHECK(old.failure()
        == error{errc::store_foreign,
                 "node 2 comes as its start number 5: its disk is an old "
                 "backup or a copy; expected 6, which was seen of it, or more; "
                 "start it with its own disk, as that is now"});
  CHECK(node.admit({0xabc, 6}));
}

TEST_CASE("one node's store says nothing of another node") {
  memory_disk disk;
  life node{disk};

  CHECK(node.admit(first_start));
  CHECK(node.admit({0xdef, 1}, {3}));
  CHECK(node.admit({0, 1}, {4}));
}

TEST_CASE("who can't be remembered is not admitted") {
  memory_disk disk;
  life node{disk};
  REQUIRE(node.admit({1, 1}, {3}));

  disk.fail_at(2); // the sync behind the write

  CHECK(node.admit(first_start).failure().code == errc::io_failed);
  CHECK(node.admit(first_start).failure().code == errc::io_failed);
}

TEST_CASE("nobody is admitted once the node stops") {
  memory_disk disk;
  life node{disk};
  node.stop();
  CHECK(node.admit(first_start).failure().code == errc::draining);
}

TEST_CASE("each start of a store has a number of its own, after a crash too") {
  memory_disk disk;
  for (std::uint64_t n = 1; n < 4; ++n) {
    life node{disk};
    CHECK(*node.store().incarnation() == n - 1);
    CHECK(*node.store().next_incarnation() == n);
    CHECK(*node.store().incarnation() == n);
    disk.crash();
  }
}

TEST_CASE("what is known of nodes is no shard's log") {
  memory_disk disk;
  life node{disk};
  REQUIRE(node.store().next_incarnation());
  REQUIRE(node.admit(first_start));
  for (shard_id shard : {shard_id{0xfffd}, shard_id{0xffff}}) {
    log_change change;
    change.shard = shard;
    change.first_index = 1;
    change.entries = {{1, 1, std::make_shared<const std::string>("x")}};
    REQUIRE(node.store().append({&change, 1}));
  }
  disk.crash();
  life again{disk};

  for (shard_id shard : {shard_id{0xfffd}, shard_id{0xffff}})
    CHECK(again.store().load(shard)->entries.size() == 1);
  CHECK(*again.store().incarnation() == 1);
}

TEST_CASE("a disk that hangs is not waited for without end") {
  memory_disk disk;
  auto store = log_store::open("/log", disk);
  REQUIRE(store);
  test::hand_executor hanging;
  auto memory =
    peer_memory::open(**store, hanging, std::chrono::milliseconds{1});
  REQUIRE(memory);

  auto answer = (*memory)->admit(two, first_start);

  REQUIRE_FALSE(answer);
  CHECK(answer.failure().code == errc::deadline_exceeded);
  // What was begun is done when the disk goes on.
  hanging.run();
  CHECK((*store)->peers()->at(two) == first_start);
}
