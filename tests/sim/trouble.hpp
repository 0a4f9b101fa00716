#pragma once

#include "tests/sim/world.hpp"

#include <chrono>
#include <cstdint>
#include <set>
#include <string_view>

namespace iris::sim {

/// What goes wrong. From `network` on, only between several nodes.
enum class trouble : std::uint8_t {
  link,       ///< of a client, breaks
  stall,      ///< of a client, which does not read
  restart,    ///< of a client
  disk,       ///< fails
  slow,       ///< is what a disk is
  full,       ///< is what a disk nearly is
  power,      ///< fails, or a process
  clock,      ///< is set wrong
  network,    ///< parts, or a link between nodes breaks
  weather,    ///< between nodes: frames are lost, late, doubled
  pause,      ///< of a node, which is given no time
  blackout,   ///< all power fails
  rot,        ///< of a disk, of at least three nodes, while its node is down
  membership, ///< changes: nodes come and go, shards move
  swap,       ///< of a disk, for an empty one or a backup, of at least three
};
inline constexpr std::size_t troubles = 15;

std::string_view to_string(trouble x) noexcept;

/// What a run is like.
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

} // namespace iris::sim
