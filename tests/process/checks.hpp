#pragma once

#include "tests/process/crowd.hpp"
#include "tests/process/real_node.hpp"

#include <algorithm>

#include <doctest/doctest.h>

namespace iris::process {

/// Fails the test with what the crowd found, the beginning of it if it is much.
inline void check_nothing_wrong(const crowd& all) {
  constexpr std::size_t shown = 20;
  auto problems = all.judge();
  CHECK(problems.size() == 0);
  for (std::size_t i = 0; i < std::min(problems.size(), shown); ++i)
    FAIL_CHECK(problems[i]);
}

inline void check_store(const real_node& node) {
  auto found = node.verify();
  INFO(found.text);
  CHECK(found.status == 0);
  CHECK(found.text.ends_with("no problems\n"));
}

} // namespace iris::process
