#include "cluster/links/errands.hpp"

#include <doctest/doctest.h>

#include <future>

namespace errands_test {

using namespace iris::cluster;
using namespace std::chrono_literals;

TEST_CASE("an errand's outcome is waited for") {
  static errands<int> all{1};

  CHECK(all.run(1h, [] { return 7; }) == 7);
}

TEST_CASE("an errand that hangs is left to itself, and takes a place") {
  // They outlive the test, as the program's do.
  static errands<int> all{2};
  std::promise<void> end;
  auto hang = [wait = end.get_future().share()] {
    wait.wait();
    return 7;
  };

  CHECK(all.run(1ms, hang) == std::nullopt);
  CHECK(all.run(1ms, hang) == std::nullopt);

  bool begun = false;
  CHECK(all.run(1h, [&] { return begun = true; }) == std::nullopt);
  CHECK_FALSE(begun);
  end.set_value();
  // Once one has ended there is room.
  while (!all.run(1h, [] { return 7; }))
    std::this_thread::yield();
}

} // namespace errands_test
