#include "edge/output_buffer.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace output_buffer_test {

using namespace iris::edge;

TEST_CASE("a buffer that is never empty takes memory for what waits only") {
  output_buffer it;
  std::string expected;
  std::size_t in = 0, most = 0;
  auto put = [&](std::size_t bytes) {
    std::string part(bytes, static_cast<char>('a' + in % 26));
    in += bytes;
    it.append(part);
    expected += part;
  };
  put(60'001);
  for (std::size_t i = 0; i < 1000; ++i) {
    put(20'000 + i % 7 * 1000);
    REQUIRE(it.waiting() == expected);
    auto bytes = expected.size() - 50'000;
    it.took(bytes);
    expected.erase(0, bytes);
    most = std::max(most, it.capacity());
  }
  CHECK(it.size() == 50'000);
  CHECK(in > 20'000'000);
  // Up to as much again was taken, and a string grows by doubling.
  CHECK(most <= 4 * 86'001);
}

TEST_CASE("an empty buffer gives back what it grew to") {
  output_buffer it;
  it.append(std::string(100'000, 'x'));
  it.took(99'999);
  CHECK(it.waiting() == "x");

  it.took(1);

  CHECK(it.size() == 0);
  CHECK(it.capacity() == std::string{}.capacity());
}

} // namespace output_buffer_test
