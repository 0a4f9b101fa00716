#pragma once

#include "tests/sim/world.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace iris::sim {

/// I1 to I12, at their numbers.
inline constexpr std::size_t invariants = 12;

/// What a run did and found.
struct outcome {
  std::uint64_t seed = 0;
  std::uint64_t trace_hash = 0;
  std::chrono::nanoseconds virtual_time{0};
  std::size_t acknowledged = 0;
  std::size_t delivered = 0;
  /// How often each kind of fault happened.
  std::map<std::string, std::size_t> faults;
  /// How many facts each invariant was held against.
  std::array<std::size_t, invariants + 1> checked{};
  std::vector<std::string> problems;
};

/// Where all parts of a run tell what they did and found.
class verdict {
public:
  explicit verdict(world& in) : world_(in) {}

  /// A sentence that begins with the invariant it is about: "I2: …".
  void problem(std::string what) {
    world_.trace(what);
    found.problems.push_back(std::move(what));
  }
  void count(const std::string& fault, std::size_t times = 1) {
    found.faults[fault] += times;
  }
  void checked(std::size_t invariant, std::size_t facts = 1) {
    found.checked.at(invariant) += facts;
  }

  outcome found;

private:
  world& world_;
};

} // namespace iris::sim
