#pragma once

#include "base/hash.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

namespace iris::actors {

/// How long to wait before what was refused so often is tried again: from the
/// hint of who refused it up to 400 ms, doubled each time, and half as long
/// up to half as long again, so that not all come back together. The same for
/// the same `salt`.
inline std::chrono::milliseconds
retry_pause(unsigned attempts, std::uint32_t hint_ms, std::uint64_t salt) {
  constexpr std::uint64_t shortest = 50, longest = 400;
  constexpr unsigned doubled_max = 5;
  auto base = std::clamp<std::uint64_t>(hint_ms, shortest, longest)
              << std::min(attempts, doubled_max);
  base = std::min(base, longest);
  auto spread = hash64(std::to_string(attempts), salt) % base;
  return std::chrono::milliseconds{base / 2 + spread};
}

} // namespace iris::actors
