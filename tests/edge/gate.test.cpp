#include "edge/gate.hpp"

#include <doctest/doctest.h>

using namespace iris::edge;
using verdict = gate::verdict;

namespace {

boost::asio::ip::address address(const char* text) {
  return boost::asio::ip::make_address(text);
}

const auto busy = address("192.0.2.1");
const auto quiet = address("192.0.2.2");

} // namespace

TEST_CASE("one address that is told that it has too many fills no node") {
  gate it{2000, 10};
  for (int i = 0; i < 10; ++i)
    CHECK(it.enter(busy) == verdict::welcome);
  for (std::size_t i = 0; i < gate::told_max; ++i)
    REQUIRE(it.enter(busy) == verdict::full);
  for (int i = 0; i < 5000; ++i)
    REQUIRE(it.enter(busy) == verdict::shut);

  CHECK(it.enter(quiet) == verdict::welcome);

  it.leave(busy);
  CHECK(it.enter(busy) == verdict::full);
  CHECK(it.enter(busy) == verdict::shut);
}

TEST_CASE("a full node tells some more, and shuts the rest out") {
  gate it{1, 1000};
  CHECK(it.enter(quiet) == verdict::welcome);
  for (std::size_t i = 0; i < gate::told_max; ++i)
    REQUIRE(it.enter(busy) == verdict::full);

  CHECK(it.enter(quiet) == verdict::shut);
}
