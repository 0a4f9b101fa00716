#pragma once

#include "base/clock.hpp"
#include "tests/sim/verdict.hpp"

#include <array>
#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace iris::sim {

/// The sum of what runs did.
class report {
public:
  void add(const outcome& run);
  void print() const;
  /// What there should have been in so many runs, and never was: a run in which
  /// nothing happens finds nothing.
  std::vector<std::string> lacking(std::size_t nodes) const;

  std::chrono::nanoseconds spent() const {
    return system_clock().steady_now() - began_;
  }
  std::size_t runs() const noexcept { return runs_; }

private:
  /// Runs in which a fault happened while an invariant was held against facts.
  using row = std::array<std::size_t, invariants + 1>;

  void print_coverage() const;

  const std::chrono::nanoseconds began_ = system_clock().steady_now();
  std::size_t runs_ = 0;
  std::uint64_t first_ = 0, last_ = 0;
  std::size_t acknowledged_ = 0;
  std::size_t delivered_ = 0;
  std::chrono::nanoseconds virtual_{0};
  std::map<std::string, std::size_t> faults_;
  std::map<int, row> coverage_; ///< by the fault's number in docs/testing.md
};

} // namespace iris::sim
