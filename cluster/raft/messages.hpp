#pragma once

#include "base/ids.hpp"
#include "persistence/log_store.hpp"

#include <cstdint>
#include <vector>

namespace iris::cluster::raft {

/// What replicas of a group tell each other (Raft paper, figures 2 and 13;
/// thesis, sections 3.10 and 9.6). Each may be lost, late, doubled and out of
/// order. wire.hpp has its bytes.
struct message {
  enum class kind : std::uint8_t {
    append = 1, ///< a leader's entries, or none: its heartbeat
    append_result,
    vote,
    vote_result,
    install, ///< a leader's log does not reach back to what you have
    timeout_now,
  };

  kind what{};
  node_id peer; ///< whom it is from, or for
  /// The sender's; of a pre-vote, and of its result if it is granted, the one
  /// that is asked for.
  std::uint64_t term = 0;

  /// append: where the log of whom it is for has to match.
  std::uint64_t prev_index = 0;
  std::uint64_t prev_term = 0;
  std::uint64_t leader_commit = 0;
  /// append: those behind prev_index.
  std::vector<persistence::log_entry> entries;

  /// append_result: the prev_index that does not match; 0 if it does.
  std::uint64_t rejected = 0;
  /// append_result: up to here they are durable and match, or else where to
  /// try next. vote, timeout_now: the end of the sender's log.
  std::uint64_t last_index = 0;
  std::uint64_t last_term = 0;

  /// vote, vote_result: asks what a vote would be, changes nothing.
  bool pre_vote = false;
  /// vote: the leader itself wants it (thesis, section 3.10).
  bool disrupt = false;
  bool granted = false; ///< vote_result

  /// install: the sender's floor.
  persistence::log_floor floor;
};

} // namespace iris::cluster::raft
