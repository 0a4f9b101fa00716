#include "tests/sim/trouble.hpp"

#include <array>

namespace iris::sim {

std::string_view to_string(trouble x) noexcept {
  constexpr std::array<std::string_view, troubles> names{
    "link",  "stall",    "restart", "disk",       "slow",
    "full",  "power",    "clock",   "network",    "weather",
    "pause", "blackout", "rot",     "membership", "swap"};
  return names[static_cast<std::size_t>(x)];
}

} // namespace iris::sim
