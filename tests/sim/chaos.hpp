#pragma once

#include "tests/sim/trouble.hpp"
#include "tests/sim/verdict.hpp"

namespace iris::sim {

/// Nodes of one cluster, a handful of users with one or two devices, 1:1 and
/// group messages; links that break, clients that stall or start again, disks
/// that fail, power that does, a network that parts. Then all faults end, and
/// everybody has to agree; then all nodes start once more under load, and
/// nobody may notice but by being told to wait.
outcome run_chaos(const chaos_options& options);

} // namespace iris::sim
