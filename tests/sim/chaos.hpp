#pragma once

#include "tests/sim/mischief.hpp"
#include "tests/sim/verdict.hpp"

#include <set>

namespace iris::sim {

struct chaos_options {
  std::uint64_t seed = 1;
  std::size_t nodes = 1;
  std::size_t users = 4;
  /// How long things go wrong.
  std::chrono::seconds storm{10};
  /// By then all has to be well.
  std::chrono::seconds calm{40};
  /// What does not go wrong.
  std::set<trouble> without = {};
  /// Told the trace, if set.
  world::listener listen = {};
};

/// Nodes of one cluster, a handful of users with one or two devices, 1:1 and
/// group messages; links that break, clients that stall or start again, disks
/// that fail, power that does, a network that parts. Then all faults end, and
/// everybody has to agree; then all nodes start once more under load, and
/// nobody may notice but by being told to wait.
outcome run_chaos(const chaos_options& options);

} // namespace iris::sim
