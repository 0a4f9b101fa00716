#pragma once

#include "base/clock.hpp"
#include "observability/metrics.hpp"

namespace iris::observability {

/// Fills the metrics of the process when somebody is about to read them.
/// Made when the node starts. Any thread.
class process_sampler {
public:
  explicit process_sampler(const clock& time)
    : time_(time), started_(time.steady_now()) {}

  /// Reads /proc/self; what can't be read keeps its last value.
  void sample(metrics& to) const;

private:
  const clock& time_;
  std::chrono::nanoseconds started_;
};

} // namespace iris::observability
