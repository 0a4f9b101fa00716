#pragma once

#include "tests/sim/fixture.hpp"
#include "tests/sim/history.hpp"
#include "tests/sim/sim_client.hpp"

#include <map>
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
  /// How often each kind of fault happened.
  std::map<std::string, std::size_t> faults;
  std::vector<std::string> problems;
};

struct chaos_options {
  std::uint64_t seed = 1;
  /// How long things go wrong.
  std::chrono::seconds storm{10};
  /// By then all has to be well.
  std::chrono::seconds calm{40};
  /// Told the trace, if set.
  world::listener listen = {};
};

/// One node, a handful of users with one or two devices, 1:1 and group
/// messages; links that break, clients that stall or start again, a disk that
/// fails, power that does. Then all faults end, and everybody has to agree;
/// then the node starts once more under load, and nobody may notice but by
/// being told to wait.
outcome run_chaos(const chaos_options& options);

} // namespace iris::sim
