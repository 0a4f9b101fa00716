#pragma once

#include "apps/bench/rig.hpp"
#include "apps/bench/traffic.hpp"

/// What `iris bench` measures: requirements F1 to F4 and F7, and docs/
/// benchmarks.md. Each runs to its end or fails: with timed_out, with what the
/// node refused, or with no_connection. A report with faults is a failed run.
namespace iris::bench {

struct load_options {
  std::uint32_t pairs = 50;
  std::uint32_t window = 32;
  std::size_t body_bytes = 200;
  double seconds = 10;
  double warmup_s = 1;
  bool echo = false;
};

/// F1: every pair keeps `window` messages on their way, as fast as they go.
/// Counts those that were acknowledged, delivered and checked.
result<report> run_online(rig& on, const load_options& with);

struct paced_options : load_options {
  /// Messages a second over all pairs, sent when their time has come and not
  /// when the node has answered (an open loop).
  double rate = 2000;
};

/// F2: latency at a fixed rate, counted from the time a message was due, so
/// that a stall counts for all who would have met it (Tene, "How NOT to
/// Measure Latency", 2013).
result<report> run_paced(rig& on, const paced_options& with);

struct stored_options : load_options {
  std::uint64_t messages = 200'000;
};

/// F3: stores messages for users who are away, then lets all of them come.
result<report> run_stored(rig& on, const stored_options& with);

struct idle_options {
  std::uint32_t connections = 1000;
  double settle_s = 3;
};

/// F4: the node's memory before and with so many connections that do nothing.
/// Precondition: the node's process is known.
result<report> run_idle(rig& on, const idle_options& with);

/// F7: how long a node with so many stored messages takes to start: after it
/// was stopped, and after it was killed. Then all is read and checked.
/// Precondition: the node was started by the rig.
result<report> run_startup(rig& on, const stored_options& with);

} // namespace iris::bench
