#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace iris::process {

/// What so many percent of them do not exceed, in milliseconds; 0 of none.
inline double percentile(std::vector<std::chrono::nanoseconds> of,
                         std::size_t percent) {
  if (of.empty())
    return 0;
  std::sort(of.begin(), of.end());
  return std::chrono::duration<double, std::milli>{
    of[(of.size() - 1) * percent / 100]}
    .count();
}

} // namespace iris::process
