#include "persistence/writers.hpp"

#include "base/thread_executor.hpp"
#include "tests/hand_executor.hpp"
#include "tests/sim/memory_disk.hpp"

#include <doctest/doctest.h>
#include <future>

namespace writers_test {

using namespace iris;
using namespace iris::persistence;
using iris::sim::memory_disk;
using iris::test::hand_executor;

namespace {

struct stepping_clock final : clock {
  mutable std::chrono::nanoseconds now{0};

  timestamp wall_now() const override { return {}; }
  std::chrono::nanoseconds steady_now() const override {
    return now += std::chrono::nanoseconds{5};
  }
};

log_change entry(std::uint16_t shard, std::uint64_t index) {
  log_change out;
  out.shard = {shard};
  out.first_index = index;
  out.entries = {{1, 1, std::make_shared<const std::string>("x")}};
  return out;
}

struct fixture {
  memory_disk disk;
  std::unique_ptr<log_store> store = *log_store::open("/log", disk);
  hand_executor thread;
  hand_executor home;
  hand_executor other_home;
  std::string done;

  log_writer::callback note(char name) {
    return [this, name](const result<void>& durable) {
      done += name;
      done += durable ? '+' : '-';
    };
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "changes that wait together share one sync") {
  log_writer writer{*store, thread};
  auto syncs = disk.count(sim::io::sync);

  writer.submit(entry(1, 1), home, note('a'));
  writer.submit(entry(2, 1), other_home, note('b'));
  writer.submit(entry(3, 1), home, note('c'));
  CHECK(thread.tasks.size() == 1);
  thread.run();

  CHECK(disk.count(sim::io::sync) == syncs + 1);
  CHECK(writer.batches() == 1);
  CHECK(writer.entries() == 3);
}

TEST_CASE_FIXTURE(fixture, "each home hears of its changes, in their order") {
  log_writer writer{*store, thread};
  writer.submit(entry(1, 1), home, note('a'));
  writer.submit(entry(2, 1), other_home, note('b'));
  writer.submit(entry(1, 2), home, note('c'));

  thread.run();
  CHECK(done.empty());
  home.run();
  CHECK(done == "a+c+");
  other_home.run();

  CHECK(done == "a+c+b+");
  CHECK(store->load({1})->entries.size() == 2);
}

TEST_CASE_FIXTURE(fixture, "changes that come later go into the next batch") {
  log_writer writer{*store, thread};
  writer.submit(entry(1, 1), home, note('a'));
  thread.run();
  writer.submit(entry(1, 2), home, note('b'));
  thread.run();

  home.run();

  CHECK(done == "a+b+");
  CHECK(writer.batches() == 2);
}

TEST_CASE_FIXTURE(fixture, "a failed batch fails all that is in it and later") {
  log_writer writer{*store, thread};
  writer.submit(entry(1, 1), home, note('a'));
  writer.submit(entry(2, 1), home, note('b'));
  disk.fail_at(1);
  thread.run();
  writer.submit(entry(3, 1), home, note('c'));
  thread.run();

  home.run();

  CHECK(done == "a-b-c-");
  CHECK(writer.batches() == 0);
}

TEST_CASE_FIXTURE(fixture, "who watches learns how long a batch took") {
  stepping_clock time;
  std::string seen;
  log_writer writer{*store, thread,
                    [&](std::chrono::nanoseconds took, std::size_t entries) {
                      seen += std::to_string(took.count()) + "/"
                              + std::to_string(entries) + " ";
                    },
                    time};

  writer.submit(entry(1, 1), home, note('a'));
  writer.submit(entry(2, 1), home, note('b'));
  thread.run();

  CHECK(seen == "5/2 ");
}

TEST_CASE_FIXTURE(fixture, "many threads submit, and all is written") {
  constexpr std::uint16_t shards = 8;
  constexpr std::uint64_t each = 200;
  thread_executor writing{"log"};
  log_writer writer{*store, writing};
  {
    std::vector<std::unique_ptr<thread_executor>> homes;
    std::vector<std::promise<void>> ends(shards);
    // A shard has one change in flight.
    std::function<void(std::uint16_t, std::uint64_t)> next =
      [&](std::uint16_t shard, std::uint64_t index) {
        if (index > each)
          return ends[shard].set_value();
        writer.submit(entry(shard, index), *homes[shard],
                      [&, shard, index](const result<void>& durable) {
                        CHECK(durable);
                        next(shard, index + 1);
                      });
      };
    for (std::uint16_t i = 0; i < shards; ++i)
      homes.push_back(std::make_unique<thread_executor>("home"));
    for (std::uint16_t i = 0; i < shards; ++i)
      homes[i]->post([&next, i] { next(i, 1); });
    for (auto& x : ends)
      x.get_future().wait();
  }
  writing.stop();

  for (std::uint16_t i = 0; i < shards; ++i)
    CHECK(store->load({i})->entries.size() == each);
  CHECK(writer.entries() == shards * each);
}

} // namespace writers_test
