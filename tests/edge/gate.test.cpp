#include "edge/gate.hpp"

#include <doctest/doctest.h>

namespace gate_test {

using namespace iris::edge;
using verdict = gate::verdict;

namespace {

boost::asio::ip::address address(const char* text) {
  return boost::asio::ip::make_address(text);
}

const auto busy = address("192.0.2.1");
const auto quiet = address("192.0.2.2");

} // namespace

TEST_CASE("who is told that there are too many takes nobody's place") {
  gate it{12, 10};
  for (int i = 0; i < 10; ++i)
    CHECK(it.enter(busy) == verdict::welcome);
  for (std::size_t i = 0; i < gate::told_max; ++i)
    REQUIRE(it.enter(busy) == verdict::full);
  CHECK(it.enter(busy) == verdict::shut);

  CHECK(it.enter(quiet) == verdict::welcome);
  it.leave(busy, verdict::welcome);
  CHECK(it.enter(busy) == verdict::welcome);
  CHECK(it.enter(busy) == verdict::shut);
  it.leave(busy, verdict::full);
  CHECK(it.enter(busy) == verdict::full);
  CHECK(it.enter(quiet) == verdict::welcome);
}

TEST_CASE("a full node tells some more, and shuts the rest out") {
  gate it{1, 1000};
  CHECK(it.enter(quiet) == verdict::welcome);
  for (std::size_t i = 0; i < gate::told_max; ++i)
    REQUIRE(it.enter(busy) == verdict::full);
  CHECK(it.enter(quiet) == verdict::shut);

  it.limit(2, 1000);

  CHECK(it.enter(quiet) == verdict::welcome);
}

TEST_CASE("a gate is empty when those who were told are gone, too") {
  gate it{1, 1};
  CHECK(it.enter(busy) == verdict::welcome);
  CHECK(it.enter(busy) == verdict::full);
  it.leave(busy, verdict::welcome);
  CHECK_FALSE(it.wait_until_empty(std::chrono::milliseconds{0}));

  it.leave(busy, verdict::full);

  CHECK(it.wait_until_empty(std::chrono::milliseconds{0}));
}

TEST_CASE("a full node tells only as many as it has files for") {
  gate it{1, 1000, 2};
  CHECK(it.enter(quiet) == verdict::welcome);
  CHECK(it.enter(quiet) == verdict::full);
  CHECK(it.enter(quiet) == verdict::full);

  CHECK(it.enter(quiet) == verdict::shut);
}

} // namespace gate_test
