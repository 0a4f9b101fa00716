#pragma once

#include "tests/sim/fixture.hpp"
#include "tests/sim/history.hpp"
#include "tests/sim/sim_client.hpp"

#include <string>
#include <vector>

namespace iris::sim {

/// What a run did and found.
struct outcome {
  std::uint64_t seed = 0;
  std::uint64_t trace_hash = 0;
  std::chrono::nanoseconds virtual_time{0};
  std::size_t acknowledged = 0;
  std::size_t delivered = 0;
  std::size_t crashes = 0;
  std::size_t cuts = 0;
  std::size_t stalls = 0;
  std::vector<std::string> problems;
};

struct chaos_options {
  std::uint64_t seed = 1;
  /// How long things go wrong.
  std::chrono::seconds storm{10};
  /// By then all has to be well.
  std::chrono::seconds calm{40};
  bool verbose = false;
};

/// One node, a handful of users with one or two devices, 1:1 and group
/// messages; links that break, clients that stall, power that fails. Then all
/// faults end, and everybody has to agree.
outcome run_chaos(const chaos_options& options);

} // namespace iris::sim
