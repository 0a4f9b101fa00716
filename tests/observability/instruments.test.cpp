#include "observability/instruments.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <barrier>
#include <thread>

namespace instruments_test {

using namespace iris::observability;
using namespace std::chrono_literals;

namespace {

/// Runs `f(i)` on `n` threads that start together, and joins them.
template <class F>
void on_threads(int n, F f) {
  std::barrier start{n};
  std::vector<std::jthread> threads;
  threads.reserve(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i)
    threads.emplace_back([&start, f, i] {
      start.arrive_and_wait();
      f(i);
    });
}

std::size_t bucket_of(std::chrono::nanoseconds x) {
  histogram h;
  h.observe(x);
  auto counts = h.value().counts;
  return static_cast<std::size_t>(std::find(counts.begin(), counts.end(), 1u)
                                  - counts.begin());
}

} // namespace

TEST_CASE("counts of more threads than cells are exact") {
  constexpr int threads = cells_max + 8;
  constexpr int adds = 20'000;
  counter c;
  gauge g;
  histogram h;

  on_threads(threads, [&](int i) {
    for (int n = 0; n < adds; ++n) {
      c.add();
      c.add(2);
      g.add(n % 2 == 0 ? 3 : -2);
      h.observe(std::chrono::microseconds{i});
    }
  });

  CHECK(c.value() == 3u * threads * adds);
  CHECK(g.value() == threads * adds / 2);
  CHECK(h.value().count() == std::uint64_t{threads} * adds);
  CHECK(h.value().sum
        == std::chrono::microseconds{adds * threads * (threads - 1) / 2});
}

TEST_CASE("two threads that share a cell lose nothing") {
  constexpr int adds = 4'000'000;
  std::atomic<int> sharing{0};
  std::barrier together{2};
  counter c;
  histogram h;

  on_threads(2 * cells_max, [&](int) {
    if (detail::this_cell() != 0)
      return;
    // Two buckets, so that only the sum is fought for.
    auto mine = sharing++ == 0 ? 1us : 20'000us;
    together.arrive_and_wait();
    for (int n = 0; n < adds; ++n)
      c.add();
    together.arrive_and_wait();
    for (int n = 0; n < adds; ++n)
      h.observe(mine);
  });

  REQUIRE(sharing == 2);
  CHECK(c.value() == 2 * std::uint64_t{adds});
  CHECK(h.value().count() == 2 * std::uint64_t{adds});
  CHECK(h.value().sum == 20'001us * adds);
}

TEST_CASE("threads that ask for the same series get one") {
  catalog all;
  family<counter> f{all, {"iris_x_total", "X", unit::none, "code"}};

  on_threads(8, [&](int) {
    for (int n = 0; n < 1000; ++n)
      f.with(std::to_string(n % 50)).add();
  });

  std::vector<std::string> labels;
  f.each([&](std::string_view label, const counter& x) {
    labels.emplace_back(label);
    CHECK(x.value() == 8 * 20);
  });
  CHECK(labels.size() == 50);
  CHECK(std::is_sorted(labels.begin(), labels.end()));
}

TEST_CASE("a family beyond its limit counts under other") {
  catalog all;
  family<counter> f{all, {"iris_x_total", "X", unit::none, "code"}};
  auto limit = family<counter>::series_max;

  for (std::size_t i = 0; i < limit + 10; ++i)
    f.with(std::to_string(i)).add();

  std::size_t series = 0;
  f.each([&](std::string_view, const counter&) { ++series; });
  CHECK(series == limit + 1);
  CHECK(f.with("other").value() == 10);
  CHECK(f.with("0").value() == 1);
}

TEST_CASE("buckets are 1, 2 and 5 times the powers of ten to 100 s") {
  CHECK(histogram::bound(0) == 10us);
  CHECK(histogram::bound(1) == 20us);
  CHECK(histogram::bound(2) == 50us);
  CHECK(histogram::bound(3) == 100us);
  CHECK(histogram::bound(histogram::bounds - 1) == 100s);
}

TEST_CASE("a bound belongs to its bucket and what is above to the next") {
  for (std::size_t i = 0; i < histogram::bounds; ++i) {
    CAPTURE(i);
    CHECK(bucket_of(histogram::bound(i)) == i);
    CHECK(bucket_of(histogram::bound(i) + 1ns) == i + 1);
  }
  CHECK(bucket_of(0ns) == 0);
  CHECK(bucket_of(-1s) == 0);
  CHECK(bucket_of(std::chrono::nanoseconds::max()) == histogram::bounds);
}

TEST_CASE("any duration is in the first bucket whose bound holds it") {
  CHECK(rc::check([](std::uint64_t x, std::uint8_t shift) {
    std::chrono::nanoseconds d{
      static_cast<std::int64_t>(x >> (1 + shift % 63))};
    std::size_t expected = 0;
    while (expected < histogram::bounds && d > histogram::bound(expected))
      ++expected;
    RC_ASSERT(bucket_of(d) == expected);
  }));
}

TEST_CASE("a negative duration adds nothing to the sum") {
  histogram h;

  h.observe(-1s);
  h.observe(2s);

  CHECK(h.value().sum == 2s);
  CHECK(h.value().count() == 2);
}

} // namespace instruments_test
