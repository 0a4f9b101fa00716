#pragma once

#include "base/executor.hpp"
#include "persistence/log_store.hpp"

#include <atomic>
#include <memory>
#include <span>

namespace iris::persistence {

/// What a node shows of its starts to others, oldest first:
///   (number u64 | mark varint) …
std::string encode_starts(std::span<const store_start> in);
/// Fails with bad_frame.
result<std::vector<store_start>> decode_starts(std::string_view shown);

/// The starts of this node's store, this one last. It shows them to the nodes
/// that it speaks to: by them they see whether it goes on from what they know
/// (see peer_memory), or is an older copy of it, or a clone that went its own
/// way.
///
/// 1. Only what is durable is shown.
/// 2. The mark of this start grows while it runs, so that a copy of the running
///    store is an older one after a while.
class start_history {
public:
  /// Counts a start, with a random `number`: durable when it returns. `thread`
  /// is the one that writes `store`; it has stopped before this ends. Fails
  /// with corrupt, storage_full or io_failed.
  static result<std::unique_ptr<start_history>>
  begin(log_store& store, executor& thread, std::uint64_t number);

  std::uint64_t incarnation() const noexcept { return incarnation_; }

  /// Any thread.
  std::uint64_t mark() const noexcept { return mark_; }
  /// What to show. Any thread.
  std::string shown() const;

  /// From now on the mark grows after each `pause`, until a write fails. Once.
  void renew_each(std::chrono::milliseconds pause);

private:
  start_history(log_store& store, executor& thread, std::uint64_t number);

  bool renew();

  log_store& store_;
  executor& thread_;
  const std::uint64_t number_;
  std::uint64_t incarnation_ = 0;
  std::string earlier_; ///< as shown
  std::atomic<std::uint64_t> mark_{0};
};

} // namespace iris::persistence
