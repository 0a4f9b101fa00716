#include "cluster/links/refusals.hpp"

#include <doctest/doctest.h>

namespace refusals_test {

using namespace iris::cluster;
using namespace std::chrono_literals;

TEST_CASE("two strangers that alternate get a line each, once a minute") {
  refusals all;
  int lines = 0;
  for (int i = 0; i < 100; ++i)
    for (auto reason : {"no certificate", "garbage"})
      lines += all.say(reason, 1s * i / 2) ? 1 : 0;

  CHECK(lines == 2);
  CHECK(all.say("garbage", 60s) == 99);
  CHECK(all.say("no certificate", 60s) == 99);
  CHECK(all.say("garbage", 119s) == std::nullopt);
  CHECK(all.say("garbage", 120s) == 1);
  CHECK(all.say("garbage", 180s) == 0);
}

TEST_CASE("reasons that strangers make up share a line") {
  refusals all;
  std::size_t lines = 0;
  for (int i = 0; i < 1000; ++i)
    lines +=
      all.say("a message of " + std::to_string(i) + " bytes", 1s) ? 1 : 0;

  CHECK(lines == refusals::reasons_max + 1);
  // One that was said is still told apart.
  CHECK(all.say("a message of 7 bytes", 61s) == 0);
}

TEST_CASE("a reason that made room leaves what was not said of it") {
  refusals all;
  for (std::size_t i = 0; i < refusals::reasons_max; ++i) {
    all.say(std::to_string(i), 1s);
    all.say(std::to_string(i), 2s);
  }

  CHECK(all.say("another", 61s) == refusals::reasons_max);
  CHECK(all.say("a third", 61s) == 0);
}

} // namespace refusals_test
