#pragma once

#include "cluster/shard_mail.hpp"

#include <chrono>

/// What makes the beats of all groups of a node one: they are sent at common
/// moments of its clock, and linger for each other (docs/adr/0013).
namespace iris::cluster {

/// Nobody waits for a beat, nor for its answer.
pace pace_of(const raft::message& what);

/// From one common moment to the next. A beat that is late by less than a
/// quarter of it doesn't miss the next.
constexpr std::chrono::nanoseconds
between_moments(std::chrono::milliseconds heartbeat) {
  return heartbeat * 4 / 3;
}

/// When a replica that has to do something at `due` looks whether it has. Who
/// leads puts it off to the next moment. Who doesn't looks at the last one
/// before too: as a rule a leader has said something meanwhile, and if not, it
/// stands for election no later than it has to.
std::chrono::nanoseconds next_look(std::chrono::nanoseconds now,
                                   std::chrono::nanoseconds due, bool leads,
                                   std::chrono::nanoseconds moments);

} // namespace iris::cluster
