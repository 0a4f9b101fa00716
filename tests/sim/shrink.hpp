#pragma once

#include "tests/sim/trouble.hpp"

#include <functional>
#include <string>

namespace iris::sim {

/// What iris_sim has to be told for this run, e.g. "--seeds 7 --storm 3".
std::string arguments_of(const chaos_options& what);

/// The least that still fails: without kinds of trouble that have no part in
/// it, with fewer nodes and users, for a shorter time. Precondition: `from`
/// fails. Runs a few dozen times.
chaos_options shrink(chaos_options from,
                     const std::function<bool(const chaos_options&)>& fails);

} // namespace iris::sim
