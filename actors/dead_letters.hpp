#pragma once

#include "persistence/keys.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <utility>

namespace iris::actors {

/// Which command an actor was carrying out: equal for those that a client or an
/// actor sends again in the same matter.
using command_key = std::uint64_t;

/// No command: what an actor does by itself, and its activation.
inline constexpr command_key no_command = 0;

/// Which commands, and which actors, have failed so often that they have to
/// wait. A command that makes its actor fail again and again is a dead letter
/// and is refused, so that it can't stop the actor for everybody else; an actor
/// that fails by itself is not activated. Once in `held` each may be tried
/// again, for the cause may be gone.
///
/// Holds those that failed within `remembered`.
class dead_letters {
public:
  using time = std::chrono::nanoseconds; ///< of a steady clock

  static constexpr unsigned faults_max = 5;
  static constexpr time held = std::chrono::seconds{30};
  static constexpr time remembered = std::chrono::hours{1};

  /// Whether that was one too many, for the first time.
  bool failed(const persistence::actor_ref& who, command_key what, time now);

  bool holds(const persistence::actor_ref& who, command_key what,
             time now) const;

  /// Forgets what did not fail for so long.
  void forget(time now);

private:
  struct record {
    unsigned faults = 0;
    time last{0};
  };

  std::map<std::pair<persistence::actor_ref, command_key>, record> faults_;
};

} // namespace iris::actors
