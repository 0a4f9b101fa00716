#pragma once

#include "persistence/log_store.hpp"

#include <cstdint>
#include <deque>
#include <span>
#include <string>

namespace iris::cluster::raft {

/// The end of a replica's log, in memory: what peers may still ask for.
/// Invariants:
/// 1. first_index() <= floor().index + 1 <= last_index() + 1.
/// 2. The term of every entry from the floor on is known.
class log_tail {
public:
  /// Precondition: the entries join the floor.
  void reset(persistence::log_floor floor, std::uint64_t first_index,
             std::span<const persistence::log_entry> entries);

  /// Replaces what stands at `index` and behind. Leaves no gap.
  void append(std::uint64_t index,
              std::span<const persistence::log_entry> entries);

  /// Entries below `keep_from` leave.
  void cut(persistence::log_floor floor, std::uint64_t keep_from);

  std::uint64_t first_index() const noexcept { return first_; }
  std::uint64_t last_index() const noexcept {
    return first_ + entries_.size() - 1;
  }
  bool holds(std::uint64_t index) const noexcept {
    return index >= first_ && index <= last_index();
  }

  /// Precondition: holds it. Valid until it leaves or is replaced.
  const persistence::log_entry& at(std::uint64_t index) const;

  /// 0 when it is not known.
  std::uint64_t term_of(std::uint64_t index) const noexcept;

  const persistence::log_floor& floor() const noexcept { return floor_; }

  /// What the floor would be at `index`, which it holds.
  persistence::log_floor floor_at(std::uint64_t index) const;

private:
  persistence::log_floor floor_;
  std::uint64_t first_ = 1;
  std::deque<persistence::log_entry> entries_;
};

} // namespace iris::cluster::raft
