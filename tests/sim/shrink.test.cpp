#include "tests/sim/shrink.hpp"

#include <doctest/doctest.h>

namespace shrink_test {

using namespace iris::sim;
using namespace std::chrono_literals;

TEST_CASE("a failure shrinks to what it needs") {
  chaos_options from{.seed = 7, .nodes = 5};
  std::size_t runs = 0;

  auto least = shrink(from, [&](const chaos_options& x) {
    ++runs;
    return x.nodes >= 3 && x.users >= 3 && x.storm >= 4s
           && !x.without.contains(trouble::power)
           && !x.without.contains(trouble::link);
  });

  CHECK(arguments_of(least)
        == "--seeds 7 --nodes 3 --users 3 --storm 4 --without "
           "stall,restart,disk,slow,full,clock,network,weather,pause,blackout,"
           "rot,membership,swap");
  CHECK(runs < 200);
}

TEST_CASE("what can't do with less stays as it is") {
  chaos_options from{.seed = 7};
  auto least = shrink(from, [](const auto&) { return false; });
  CHECK(arguments_of(least) == "--seeds 7");
}

} // namespace shrink_test
