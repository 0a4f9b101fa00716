#include "apps/bench/reactor.hpp"

#include <doctest/doctest.h>

namespace bench_reactor_test {

using namespace iris::bench;
using namespace std::chrono_literals;

TEST_CASE("while something goes on it is told, again and again") {
  reactor loop;
  std::vector<std::string> told;
  loop.tell_progress(
    [&](std::chrono::seconds, const std::string& x) { told.push_back(x); },
    1ms);
  int asked = 0;
  loop.now_doing([&] { return "step " + std::to_string(++asked); });

  CHECK(loop.run_until([&] { return told.size() == 3; }, 1min));

  CHECK(told == std::vector<std::string>{"step 1", "step 2", "step 3"});
}

} // namespace bench_reactor_test
