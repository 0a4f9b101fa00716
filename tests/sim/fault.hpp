#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Deliberate faults of the product, to see that the simulation finds them.
/// The product knows nothing of this: faults.py makes copies of its sources
/// that ask here, and only iris_sim_faults is made of those copies.
namespace iris::sim {

/// Whether this fault is to happen; counts how often it was asked for.
bool fault(std::string_view name);

/// Makes this one happen from now on; none if empty.
void plant(std::string name);

/// How often the planted fault has happened.
std::uint64_t fault_count();

} // namespace iris::sim
