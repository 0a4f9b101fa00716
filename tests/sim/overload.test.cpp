// Far more than three nodes can do, for a minute: it must not last longer than
// its cause does.
#include "tests/lines.hpp"
#include "tests/process/percentile.hpp"
#include "tests/sim/writers.hpp"

#include <algorithm>
#include <doctest/doctest.h>

namespace overload_test {

using namespace iris;
using namespace iris::sim;
using namespace std::chrono_literals;
using process::percentile;
using nanoseconds = writers::nanoseconds;
using sentences = std::vector<std::string>;

namespace {

constexpr std::size_t writers_per_node = 10;
/// How many of five writers say something in a step.
constexpr std::size_t usual = 1, excess = 5;
constexpr auto step = 400ms;

/// Mailboxes of a few messages, so that much is soon too much.
profile small() {
  auto out = profile::calm();
  out.shards = 2;
  out.small_queues = true;
  out.queue_max = 4;
  return out;
}

struct busy_nodes : sim_cluster {
  busy_nodes()
    : sim_cluster(51, 3, small()),
      crowd(*this, writers::knows::own_node, writers_per_node) {
    here.run(30s);
    crowd.go_home();
  }

  /// Writes at a steady pace, while one machine after the other gives its
  /// threads no time for a quarter of a step. How much waited at the worst.
  std::size_t load(nanoseconds duration, std::size_t share) {
    std::size_t most = 0;
    for (auto end = here.steady_now() + duration; here.steady_now() < end;) {
      nodes[turn % size()]->stall_threads(step / 4);
      for (std::size_t i = 0; i < crowd.size(); ++i)
        if ((i + turn) % 5 < share)
          crowd.write_all(i);
      ++turn;
      here.run(step);
      most = std::max(most, crowd.unanswered().size());
    }
    return most;
  }

  std::int64_t lag() {
    std::int64_t out = 0;
    for (auto& x : nodes)
      x->metrics().shard_lag.each(
        [&](std::string_view, const auto& y) { out += y.value(); });
    return out;
  }

  std::map<errc, std::size_t> refusals() const {
    std::map<errc, std::size_t> out;
    for (const auto& x : crowd.all())
      for (const auto& [at, why] : x.refused)
        ++out[why];
    return out;
  }

  std::vector<nanoseconds> took(nanoseconds since) const {
    return crowd.took(since, here.steady_now(), {{0}, {1}});
  }

  writers crowd;
  std::size_t turn = 0;
};

} // namespace

TEST_CASE("five times the load for a minute is refused, and then forgotten") {
  busy_nodes a;
  auto begin = a.here.steady_now();
  auto usually = a.load(20s, usual);
  REQUIRE(a.here.run(10s, [&] { return a.crowd.unanswered().empty(); }));
  auto before = a.took(begin);
  CHECK(a.refusals().empty());

  // A replica is slow besides.
  a.nodes[2]->stall_disk(20s);
  auto most = a.load(60s, excess);
  auto over = a.here.steady_now();
  auto taken_on = a.crowd.all().size();
  a.load(30s, usual);
  auto recovered = [&] {
    const auto& open = a.crowd.unanswered();
    return open.empty() || *open.begin() >= taken_on;
  };
  REQUIRE(recovered());
  nanoseconds last{0};
  for (std::size_t i = 0; i < taken_on; ++i)
    last = std::max(last, *a.crowd.all()[i].answered);

  auto again = a.here.steady_now();
  auto rest = a.load(20s, usual);
  REQUIRE(a.here.run(10s, [&] { return a.crowd.unanswered().empty(); }));
  auto after = a.took(again);
  auto refused = a.refusals();
  MESSAGE(refused[errc::overloaded], " refusals; waiting at most: ", usually,
          " usually, ", most, " in the excess, ", rest,
          " afterwards; all of the excess was answered ", (last - over) / 1ms,
          " ms after its end");
  MESSAGE("p50 and p99 before: ", percentile(before, 50), ", ",
          percentile(before, 99), " ms; afterwards: ", percentile(after, 50),
          ", ", percentile(after, 99), " ms");
  CHECK(refused[errc::overloaded] > 0);
  CHECK(last - over <= 10s);
  CHECK(percentile(after, 50) <= 2 * percentile(before, 50));
  CHECK(percentile(after, 99) <= 2 * percentile(before, 99));

  a.here.run(10s);
  CHECK(a.lag() == 0);
  CHECK(a.crowd.judge() == sentences{});
  CHECK(a.seen.problems() == sentences{});
  CHECK(a.compare() == sentences{});
}

} // namespace overload_test
