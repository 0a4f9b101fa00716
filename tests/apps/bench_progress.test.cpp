#include "apps/bench/progress.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace bench_progress_test {

using namespace iris::bench;
using namespace std::chrono_literals;

namespace {

/// Progress that began at 100 s and is told every two seconds.
struct stage {
  stage() {
    what.begin(
      [this](std::chrono::seconds for_s, const std::string& x) {
        told.push_back(std::to_string(for_s.count()) + " s: " + x);
      },
      2s, at(0s));
  }

  static progress::time_point at(std::chrono::milliseconds x) {
    return progress::time_point{100s + x};
  }

  std::vector<std::string> told;
  progress what;
};

using lines = std::vector<std::string>;

} // namespace

TEST_CASE("what goes on is told when it is time to, and not before") {
  stage it;
  int asked = 0;
  it.what.now_doing([&] { return "step " + std::to_string(++asked); });

  it.what.look(it.at(1'999ms));
  CHECK(it.told == lines{});
  it.what.look(it.at(2s));
  it.what.look(it.at(3'999ms));
  CHECK(it.told == lines{"2 s: step 1"});
  it.what.look(it.at(7s));
  CHECK(it.told == lines{"2 s: step 1", "7 s: step 2"});
  CHECK(it.what.due() == it.at(9s));
}

TEST_CASE("where nothing goes on nothing is told") {
  stage it;
  it.what.now_doing([] { return "this"; });
  it.what.now_doing({});

  it.what.look(it.at(2s));
  it.what.look(it.at(4s));
  CHECK(it.told == lines{});

  it.what.now_doing([] { return "that"; });
  it.what.look(it.at(6s));
  CHECK(it.told == lines{"6 s: that"});
}

} // namespace bench_progress_test
