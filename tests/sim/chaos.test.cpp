#include "tests/sim/chaos.hpp"

#include <doctest/doctest.h>

using namespace iris::sim;

TEST_CASE("nothing acknowledged is lost, doubled or reordered: 200 seeds") {
  std::size_t acknowledged = 0;
  std::size_t crashes = 0;

  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    auto run = run_chaos({seed});
    for (const auto& x : run.problems)
      FAIL_CHECK(x);
    acknowledged += run.acknowledged;
    crashes += run.crashes;
  }

  CHECK(acknowledged > 20'000);
  CHECK(crashes > 200);
}

TEST_CASE("the same seed is the same run") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    auto first = run_chaos({seed});
    auto second = run_chaos({seed});
    CHECK(first.trace_hash == second.trace_hash);
    CHECK(first.delivered == second.delivered);
    CHECK(first.trace_hash != run_chaos({seed + 1000}).trace_hash);
  }
}
