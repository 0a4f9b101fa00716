#include "apps/expiry.hpp"

#include <doctest/doctest.h>

namespace expiry_test {

using namespace iris;
using namespace iris::apps;
using namespace std::chrono_literals;

namespace {

constexpr timestamp end{1'800'000'000'000};

timestamp before_end(std::chrono::milliseconds x) {
  return {end.ms - x.count()};
}

} // namespace

TEST_CASE("a certificate's end is told once a day, from two weeks ahead") {
  expiry_reminder all;
  std::vector<std::int64_t> told;

  for (auto left = 20 * 24h; left > -48h; left -= 1h)
    if (all.due("edge", end, before_end(left)))
      told.push_back(days_left(end, before_end(left)));

  CHECK(told
        == std::vector<std::int64_t>{14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2,
                                     1, 0, -1});
}

TEST_CASE("each certificate is told of by itself") {
  expiry_reminder all;

  CHECK(all.due("edge", end, before_end(24h)));
  CHECK(all.due("cluster", end, before_end(24h)));
  CHECK_FALSE(all.due("edge", end, before_end(23h)));
}

TEST_CASE("a certificate that was replaced is told of when its time comes") {
  expiry_reminder all;
  CHECK(all.due("edge", end, before_end(1h)));
  timestamp later{end.ms + std::chrono::milliseconds{100 * 24h}.count()};

  CHECK_FALSE(all.due("edge", later, before_end(1h)));
  CHECK(all.due("edge", end, before_end(1h)));
}

TEST_CASE("a clock that is set back doesn't silence the reminder") {
  expiry_reminder all;
  CHECK(all.due("edge", end, before_end(1h)));

  CHECK(all.due("edge", end, before_end(10 * 24h)));
}

} // namespace expiry_test
