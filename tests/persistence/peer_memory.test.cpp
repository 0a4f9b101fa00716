#include "persistence/peer_memory.hpp"

#include "base/thread_executor.hpp"
#include "persistence/log_format.hpp"
#include "persistence/start_history.hpp"
#include "tests/sim/memory_disk.hpp"

#include <doctest/doctest.h>

#include <future>

namespace peer_memory_test {

using namespace iris;
using namespace iris::persistence;
using iris::sim::memory_disk;

namespace {

constexpr node_id two{2};

/// The process that has started last of these, each with its number and mark.
shown_peer process_of(const std::vector<store_start>& starts,
                      std::uint64_t store = 0xabc) {
  return {store, starts.size(), encode_starts(starts)};
}

const auto first_start = process_of({{11, 0}});
const auto second_start = process_of({{11, 0}, {12, 0}});

constexpr auto remedy = "; start it with its own disk, as that is now; if that "
                        "is gone: iris node drain 2, iris node remove 2, and a "
                        "new node with another number";

error refusal(const std::string& why) {
  return {errc::store_foreign, why + remedy};
}

error older_or_clone(const std::string& found, const std::string& expected) {
  return refusal("node 2 comes with an older copy or a clone of its store; "
                 "found start number "
                 + found + ", expected one that goes on from number "
                 + expected);
}

/// The memory of one process of a node.
class life {
public:
  explicit life(memory_disk& disk,
                std::chrono::milliseconds patience = std::chrono::hours{1}) {
    auto store = log_store::open("/log", disk);
    REQUIRE(store);
    store_ = *std::move(store);
    auto memory = peer_memory::open(*store_, thread_, patience);
    REQUIRE(memory);
    memory_ = *std::move(memory);
  }

  result<void> admit(const shown_peer& process, node_id node = two) {
    return memory_->admit(node, process);
  }
  peer_memory& memory() { return *memory_; }
  thread_executor& thread() { return thread_; }
  /// What is durable of node 2, once all that was asked for is done.
  known_peer known() {
    std::promise<known_peer> found;
    thread_.post([&] { found.set_value(store_->peers()->at(two)); });
    return found.get_future().get();
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
        == std::map<node_id, known_peer>{{two, {0xabc, 1, {11, 0}, false}}});
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

  auto wiped = node.admit(process_of({{21, 0}}, 0xdef));

  REQUIRE_FALSE(wiped);
  CHECK(wiped.failure()
        == refusal("node 2 comes with another store than before: its disk was "
                   "wiped or replaced; found store 0000000000000def, expected "
                   "store 0000000000000abc"));
  CHECK_FALSE(node.admit(process_of({{11, 0}, {12, 0}}, 0)));
  CHECK(node.admit(first_start));
}

TEST_CASE("a node that starts again is remembered as such") {
  memory_disk disk;
  {
    life node{disk};
    REQUIRE(node.admit(first_start));
    REQUIRE(node.admit(second_start));
    disk.crash();
  }
  life node{disk};

  auto old = node.admit(first_start);

  REQUIRE_FALSE(old);
  CHECK(old.failure()
        == refusal("node 2 comes as its start number 1: its disk is an old "
                   "backup or a copy; expected 2, which was seen of it, or "
                   "more"));
  CHECK(node.admit(second_start));
}

TEST_CASE("of two copies of a store the one that is seen first goes on") {
  memory_disk disk;
  life node{disk};
  REQUIRE(node.admit(first_start));
  auto copy = process_of({{11, 0}, {99, 0}});

  SUBCASE("the original") {
    CHECK(node.admit(second_start));
    CHECK(node.admit(copy).failure()
          == older_or_clone("2", "2 as it was last "
                                 "seen, with mark "
                                 "0"));
    CHECK(node.admit(second_start));
  }
  SUBCASE("the copy") {
    CHECK(node.admit(copy));
    CHECK_FALSE(node.admit(second_start));
    // However often it starts, it doesn't become the other.
    CHECK_FALSE(node.admit(process_of({{11, 0}, {12, 0}, {13, 0}, {14, 0}})));
    CHECK(node.admit(process_of({{11, 0}, {99, 0}, {100, 0}})));
  }
}

TEST_CASE("a backup does not catch up by being started again and again") {
  memory_disk disk;
  life node{disk};
  REQUIRE(node.admit(process_of({{11, 0}, {12, 0}, {13, 4}, {14, 2}})));

  std::vector<store_start> backup{{11, 0}, {12, 0}};
  for (std::uint64_t number = 31; number < 40; ++number) {
    backup.push_back({number, 9});
    CHECK_FALSE(node.admit(process_of(backup)));
  }

  CHECK(node.admit(process_of(backup)).failure()
        == older_or_clone("11", "4 as it was last seen, with mark 2"));
}

TEST_CASE("a copy of a running store is older than what was seen of it since") {
  memory_disk disk;
  {
    life node{disk};
    REQUIRE(node.admit(process_of({{11, 3}})));
    node.memory().renew(two, 1, 4);
    node.memory().renew(two, 1, 2);
    node.memory().renew(two, 7, 9);
    node.memory().renew({3}, 1, 9);
    CHECK(node.known() == known_peer{0xabc, 1, {11, 4}, false});
    disk.crash();
  }
  life node{disk};

  auto copy = node.admit(process_of({{11, 3}, {12, 0}}));

  CHECK(copy.failure()
        == older_or_clone("2", "1 as it was last seen, with mark 4"));
  CHECK(node.admit(process_of({{11, 5}, {12, 0}})));
}

TEST_CASE("who has started more often than is kept since it was seen is "
          "refused") {
  memory_disk disk;
  life node{disk};
  REQUIRE(node.admit(first_start));
  std::vector<store_start> kept;
  for (std::uint64_t i = 0; i < starts_max; ++i)
    kept.push_back({12 + i, 0});

  CHECK_FALSE(node.admit({0xabc, starts_max + 1, encode_starts(kept)}));

  kept.pop_back();
  kept.insert(kept.begin(), {11, 0});
  CHECK(node.admit({0xabc, starts_max, encode_starts(kept)}));
}

TEST_CASE("a node that was known by its count alone is admitted, and then "
          "by its start") {
  memory_disk disk;
  {
    auto store = log_store::open("/log", disk);
    REQUIRE(store);
    REQUIRE((*store)->remember(two, {0xabc, 2, {}, true}));
  }
  life node{disk};

  CHECK_FALSE(node.admit(first_start));
  CHECK(node.admit(process_of({{13, 0}, {14, 0}})));

  CHECK(node.known() == known_peer{0xabc, 2, {14, 0}, true});
  CHECK_FALSE(node.admit(process_of({{13, 0}, {15, 0}, {16, 0}})));
}

TEST_CASE("who shows no start, or nonsense, is refused") {
  memory_disk disk;
  life node{disk};

  CHECK(node.admit({0xabc, 1, ""}).failure()
        == error{errc::bad_frame, "node 2 shows no start: expected this one"});
  CHECK(node.admit({0xabc, 1, "x"}).failure().code == errc::bad_frame);

  CHECK(node.store().peers()->empty());
}

TEST_CASE("who has met a node knows it for good") {
  memory_disk disk;
  {
    life node{disk};
    REQUIRE(node.admit(first_start));
    CHECK(node.memory().met_before().empty());
    std::promise<void> met;
    node.memory().meet({3}, [] { FAIL("it was never admitted"); });
    node.memory().meet(two, [&] { met.set_value(); });
    met.get_future().get();
    disk.crash();
  }
  life node{disk};

  CHECK(node.memory().met_before() == std::set<node_id>{two});
  REQUIRE(node.admit(second_start));
  CHECK(node.known().met);
}

TEST_CASE("a disk that does not answer keeps nobody waiting") {
  memory_disk disk;
  life node{disk, std::chrono::milliseconds{0}};
  std::promise<void> answers;
  node.thread().post([&] { answers.get_future().get(); });

  auto admitted = node.admit(first_start);
  answers.set_value();

  CHECK(admitted.failure()
        == error{errc::deadline_exceeded,
                 "this node's disk did not answer within 0 ms: expected one "
                 "that does"});
  // It did in the end.
  CHECK(node.known().incarnation == 1);
}

TEST_CASE("one node's store says nothing of another node") {
  memory_disk disk;
  life node{disk};

  CHECK(node.admit(first_start));
  CHECK(node.admit(process_of({{21, 0}}, 0xdef), {3}));
  CHECK(node.admit(process_of({{31, 0}}, 0), {4}));
}

TEST_CASE("who can't be remembered is not admitted") {
  memory_disk disk;
  life node{disk};
  REQUIRE(node.admit(process_of({{21, 0}}), {3}));

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

TEST_CASE("what is known of nodes is no shard's log") {
  memory_disk disk;
  life node{disk};
  REQUIRE(node.store().next_incarnation(1));
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
  CHECK(*again.store().starts() == std::vector<store_start>{{1, 0}});
}

} // namespace peer_memory_test
