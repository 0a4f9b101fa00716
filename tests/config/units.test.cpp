#include "config/units.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <limits>

namespace units_test {

using namespace iris::config;
using namespace std::chrono_literals;

TEST_CASE("a duration is a count and a unit") {
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("30s") == 30s);
  CHECK(parse_duration("10m") == 10min);
  CHECK(parse_duration("24h") == 24h);
  CHECK(parse_duration("7d") == 168h);
  CHECK(parse_duration("0s") == 0ms);
}

TEST_CASE("a duration is written in its largest whole unit") {
  CHECK(print_duration(0ms) == "0s");
  CHECK(print_duration(1500ms) == "1500ms");
  CHECK(print_duration(90s) == "90s");
  CHECK(print_duration(120s) == "2m");
  CHECK(print_duration(24h) == "1d");
}

TEST_CASE("what is not a duration is refused") {
  for (std::string bad :
       {"", "0", "30", "s", "30 s", " 30s", "30s ", "-1s", "+1s", "1.5h",
        "1h30m", "30S", "30sec", "30us", "1w", "0x1s", "1e3s"}) {
    INFO(bad);
    CHECK_FALSE(parse_duration(bad));
  }
}

TEST_CASE("a duration beyond 63 bits of milliseconds is refused") {
  CHECK(parse_duration("9223372036854775807ms")
        == std::chrono::milliseconds::max());
  CHECK_FALSE(parse_duration("9223372036854775808ms"));
  CHECK_FALSE(parse_duration("9223372036854776s"));
  CHECK_FALSE(parse_duration("18446744073709551616ms"));
}

TEST_CASE("a size is a count and a unit") {
  CHECK(parse_size("0 B") == 0);
  CHECK(parse_size("64 MiB") == 64ULL << 20);
  CHECK(parse_size("64MiB") == 64ULL << 20);
  CHECK(parse_size("1 TiB") == 1ULL << 40);
}

TEST_CASE("a size is written in its largest whole unit") {
  CHECK(print_size(0) == "0 B");
  CHECK(print_size(1023) == "1023 B");
  CHECK(print_size(1536) == "1536 B");
  CHECK(print_size(2048) == "2 KiB");
  CHECK(print_size(1ULL << 40) == "1 TiB");
}

TEST_CASE("what is not a size is refused") {
  for (std::string bad :
       {"", "0", "64", "MiB", "64  MiB", "64 MB", "64 mib", "64 M", "-1 B",
        "1.5 MiB", "64 MiB ", " 64 MiB", "64\tMiB", "1 PiB"}) {
    INFO(bad);
    CHECK_FALSE(parse_size(bad));
  }
}

TEST_CASE("a size beyond 64 bits is refused") {
  CHECK(parse_size("18446744073709551615 B")
        == std::numeric_limits<std::uint64_t>::max());
  CHECK_FALSE(parse_size("18446744073709551616 B"));
  CHECK(parse_size("16777215 TiB") == 16777215ULL << 40);
  CHECK_FALSE(parse_size("16777216 TiB"));
}

TEST_CASE("durations and sizes read as they are written") {
  CHECK(rc::check([](std::uint64_t x) {
    // Zero bits at the end bring the large units in.
    auto zeros = *rc::gen::inRange(0, 64);
    auto bytes = x >> zeros << zeros;
    std::chrono::milliseconds time{static_cast<std::int64_t>(x >> 1)};
    RC_ASSERT(parse_size(print_size(bytes)) == bytes);
    RC_ASSERT(parse_duration(print_duration(time)) == time);
  }));
  CHECK(rc::check([](std::uint16_t count) {
    for (auto unit : {1ms, 1000ms, 60'000ms, 3'600'000ms, 86'400'000ms})
      RC_ASSERT(parse_duration(print_duration(count * unit)) == count * unit);
  }));
}

TEST_CASE("any text is a duration or a size, or is refused") {
  CHECK(rc::check([](const std::string& text) {
    if (auto x = parse_duration(text))
      RC_ASSERT(parse_duration(print_duration(*x)) == x);
    if (auto x = parse_size(text))
      RC_ASSERT(parse_size(print_size(*x)) == x);
  }));
}

} // namespace units_test
