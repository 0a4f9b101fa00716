#pragma once

#include "tests/sim/fixture.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace iris::sim {

/// What goes wrong in a scripted run: one call to the disk, the n-th of its
/// kind from 1, or nothing if n is 0.
struct mishap {
  enum class how : std::uint8_t {
    fails,       ///< without effect; later the process is started again
    fails_power, ///< the same, but the machine is
    fails_late,  ///< reports failure when all is done; the machine as above
    cut_before,  ///< the power goes off before it
    cut_after,   ///< the power goes off behind it
  };
  static constexpr std::size_t hows = 5;

  how what = how::fails;
  io kind = io::write;
  std::uint64_t n = 0;
};

/// "the 7th sync fails".
std::string to_string(const mishap& x);

/// What a scripted run did and found.
struct script_outcome {
  /// Calls to the disk up to the end of the script, checks excluded.
  std::array<std::uint64_t, io_kinds> calls{};
  bool happened = false; ///< the mishap
  bool repeated = false; ///< a client said something twice
  bool rested = false;   ///< all conversations were put to rest
  bool trimmed = false;  ///< an inbox no longer has its beginning
  std::size_t acknowledged = 0;
  std::uint64_t trace_hash = 0;
  std::vector<std::string> problems;
};

/// A short life of a whole node: three users write to each other and to a
/// group, repeat what a broken link took, stay away and come back; actors rest,
/// inboxes and logs are trimmed, databases roll over; the node is stopped and
/// started in order, and loses power. Where the mishap leaves the node stopped
/// or useless, it is started again.
///
/// The same seed and no mishap give the same run. With one it is the same up to
/// there.
script_outcome run_script(caf::actor_system& in, std::uint64_t seed,
                          const mishap& bad = {});

} // namespace iris::sim
