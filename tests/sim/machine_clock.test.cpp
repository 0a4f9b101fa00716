#include "tests/sim/machine_clock.hpp"

#include "tests/sim/caf_host.hpp"
#include "tests/sim/world.hpp"

#include <doctest/doctest.h>

namespace machine_clock_test {

using namespace iris;
using namespace iris::sim;
using namespace std::chrono_literals;

TEST_CASE("a machine's clock runs at its own rate") {
  world here{1};
  machine_clock exact{here}, fast{here, 50}, slow{here, -50};

  here.run(100s);

  CHECK(exact.steady_now() == 100s);
  CHECK(fast.steady_now() == 105s);
  CHECK(slow.steady_now() == 95s);
  auto apart = [&](const machine_clock& x) {
    return x.wall_now().ms - here.wall_now().ms;
  };
  CHECK(apart(exact) == 0);
  CHECK(apart(fast) == 5000);
  CHECK(apart(slow) == -5000);
}

TEST_CASE("a wall clock that jumps leaves the steady time alone") {
  world here{1};
  machine_clock time{here};

  for (auto wrong : {30s, -30s, 0s}) {
    auto before = time.steady_now();
    time.set_wrong(wrong);
    CHECK(time.steady_now() == before);
    CHECK(time.wall_now().ms - here.wall_now().ms == wrong / 1ms);
    here.run(1s);
    CHECK(time.steady_now() == before + 1s);
  }
}

TEST_CASE("timers of a machine run at its rate, and never fire early") {
  world here{7};
  caf_host caf;
  for (int faster : {50, -50, 7}) {
    CAPTURE(faster);
    machine_clock time{here, faster};
    core home{caf.system, here, time};
    disk_thread disk{here, 1us, time};
    auto began = time.steady_now();
    auto fired = 0;
    auto check = [&] {
      auto late = time.steady_now() - began - 1s;
      CHECK(late >= 0ns);
      CHECK(late < 1ms);
      ++fired;
    };

    home.after(1s, check);
    disk.after(1s, check);
    here.run(2s);

    CHECK(fired == 2);
  }
}

} // namespace machine_clock_test
