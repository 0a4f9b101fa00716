#include "apps/bench/histogram.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace bench_histogram_test {

using iris::bench::histogram;

TEST_CASE("an empty histogram says zero") {
  histogram x;

  CHECK(x.count() == 0);
  CHECK(x.percentile(50) == 0);
  CHECK(x.percentile(100) == 0);
  CHECK(x.max() == 0);
  CHECK(x.mean() == 0);
}

TEST_CASE("small values are kept exactly") {
  histogram x;
  for (std::uint64_t i = 1; i <= 100; ++i)
    x.record(i);

  CHECK(x.count() == 100);
  CHECK(x.percentile(0) == 1);
  CHECK(x.percentile(1) == 1);
  CHECK(x.percentile(50) == 50);
  CHECK(x.percentile(99) == 99);
  CHECK(x.percentile(99.9) == 100);
  CHECK(x.percentile(100) == 100);
  CHECK(x.max() == 100);
  CHECK(x.mean() == doctest::Approx(50.5));
}

TEST_CASE("one slow message in a thousand is p99.9 and not p99") {
  histogram x;
  for (int i = 0; i < 998; ++i)
    x.record(100);
  x.record(1'000'000);
  x.record(1'000'000);

  CHECK(x.percentile(99) == 100);
  CHECK(x.percentile(99.9) == 1'000'000);
}

TEST_CASE("the greatest value there is fits") {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  histogram x;
  x.record(most);
  x.record(0);

  CHECK(x.percentile(50) == 0);
  CHECK(x.percentile(100) == most);
}

TEST_CASE("percentiles are those of the sorted values, to one part in 128") {
  rc::check([](std::vector<std::uint64_t> values, double share) {
    RC_PRE(!values.empty());
    histogram x;
    for (auto& v : values) {
      v >>= v % 64; // All sizes, not only great ones.
      x.record(v);
    }
    std::sort(values.begin(), values.end());
    auto percent = std::abs(std::fmod(share, 100.0));
    auto rank = static_cast<std::size_t>(
      std::ceil(percent / 100 * static_cast<double>(values.size())));
    auto exact = values[std::max<std::size_t>(rank, 1) - 1];

    auto told = x.percentile(percent);

    RC_ASSERT(told >= exact);
    RC_ASSERT(told - exact <= exact / 128);
  });
}

} // namespace bench_histogram_test
