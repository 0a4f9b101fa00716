#include "observability/log.hpp"

#include <doctest/doctest.h>

#include <latch>
#include <set>
#include <thread>

namespace log_test {

using namespace iris;
using namespace iris::observability;

namespace {

using strings = std::vector<std::string>;

struct stopped_clock : iris::clock {
  timestamp wall_now() const override { return {1'700'000'000'123}; }
  std::chrono::nanoseconds steady_now() const override { return {}; }
};

/// Holds its thread in the first line until it is let go.
struct stuck_sink : memory_sink {
  bool write(std::string_view line) noexcept override {
    if (first) {
      first = false;
      entered.count_down();
      let_go.wait();
    }
    return memory_sink::write(line);
  }

  bool first = true;
  std::latch entered{1};
  std::latch let_go{1};
};

struct full_disk : log_sink {
  bool write(std::string_view) noexcept override { return false; }
};

const stopped_clock now;
constexpr auto prefix = "2023-11-14T22:13:20.123Z ";

log_options options(std::size_t queue_lines) {
  return {log_level::info, log_format::text, {1}, queue_lines};
}

} // namespace

TEST_CASE("lines have the time of the clock, their level and their fields") {
  auto sink = std::make_shared<memory_sink>();
  logger log{options(0), sink, now};

  log.info("started", {{"shard", shard_id{3}}, {"shards", 64}});
  log.warn("slow");
  log.error("failed", {{"code", errc::io_failed}});

  CHECK(sink->lines()
        == strings{
          std::string{prefix} + "info node=1 \"started\" shard=3 shards=64\n",
          std::string{prefix} + "warn node=1 \"slow\"\n",
          std::string{prefix} + "error node=1 \"failed\" code=io_failed\n"});
}

TEST_CASE("a line about a message names it at every level") {
  auto sink = std::make_shared<memory_sink>();
  logger log{options(0), sink, now};
  log.set_level(log_level::debug);
  random_source random{1};
  message_context about{make_message_id({1}, random), trace_id::make(random)};

  log.debug(about, "a");
  log.info(about, "b");
  log.warn(about, "c", {{"n", 1}});
  log.error(about, "d");

  auto lines = sink->lines();
  REQUIRE(lines.size() == 4);
  for (const auto& x : lines)
    CHECK(x.find("msg=" + about.id.str() + " trace=" + about.trace.str())
          != x.npos);
}

TEST_CASE("what is below the level is not written") {
  auto sink = std::make_shared<memory_sink>();
  logger log{options(0), sink, now};

  log.debug("a");
  log.set_level(log_level::error);
  log.warn("b");
  log.set_level(log_level::off);
  log.error("c");
  log.set_level(log_level::debug);
  log.debug("d");

  CHECK_FALSE(sink->lines().empty());
  CHECK(sink->lines() == strings{std::string{prefix} + "debug node=1 \"d\"\n"});
}

TEST_CASE("a full queue drops the oldest lines and counts them") {
  constexpr int queue = 8, more = 5;
  auto sink = std::make_shared<stuck_sink>();
  metrics m;
  {
    logger log{options(queue), sink, now};
    log.info("first");
    sink->entered.wait();

    for (int i = 0; i < queue + more; ++i)
      log.info("next", {{"n", i}});

    CHECK(log.lines_lost() == more);
    log.sample(m);
    log.sample(m);
    CHECK(m.log_lines_lost.value() == more);
    sink->let_go.count_down();
  }

  auto lines = sink->lines();
  REQUIRE(lines.size() == 1 + queue);
  CHECK(lines[1].ends_with(" n=5\n"));
  CHECK(lines.back().ends_with(" n=12\n"));
}

TEST_CASE("lines of many threads are all written, each thread's in order") {
  constexpr int threads = 8, each = 500;
  auto sink = std::make_shared<memory_sink>();
  {
    logger log{options(threads * each), sink, now};
    std::vector<std::jthread> running;
    running.reserve(threads);
    for (int t = 0; t < threads; ++t)
      running.emplace_back([&log, t] {
        for (int n = 0; n < each; ++n)
          log.info("x", {{"thread", t}, {"n", n}});
      });
    running.clear();
    CHECK(log.lines_lost() == 0);
  }

  std::vector<int> next(threads, 0);
  for (const auto& line : sink->lines()) {
    auto at = line.find("thread=");
    auto t = static_cast<std::size_t>(line[at + 7] - '0');
    CHECK(line.ends_with(" n=" + std::to_string(next.at(t)++) + "\n"));
  }
  CHECK(next == std::vector<int>(threads, each));
}

TEST_CASE("lines that can't be written are counted") {
  for (std::size_t queue : {0u, 16u}) {
    CAPTURE(queue);
    auto sink = std::make_shared<full_disk>();
    metrics m;
    logger log{options(queue), sink, now};

    log.info("a");
    log.info("b");

    while (log.lines_lost() < 2)
      std::this_thread::yield();
    log.sample(m);
    CHECK(m.log_lines_lost.value() == 2);
  }
}

} // namespace log_test
