#pragma once

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "persistence/log_store.hpp"
#include "persistence/state_store.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <vector>

namespace iris::persistence {

/// Group commit: changes that arrive while a batch is being synced go into
/// the next one together. Shards keep one change each in flight, so the queue
/// is bounded by their number.
class log_writer {
public:
  using callback = std::function<void(const result<void>&)>;
  /// Called on the writing thread after each batch: how long the write and its
  /// fsync took, and how many entries it held.
  using observer = std::function<void(std::chrono::nanoseconds, std::size_t)>;

  /// `thread` runs the writes and nothing else that waits. It must be stopped
  /// before this is destroyed.
  log_writer(log_store& store, executor& thread, observer watch = {},
             const clock& time = system_clock());

  /// Any thread. Posts `done` to `home` once the change is durable or has
  /// failed, in the order of submission for one home.
  void submit(log_change change, executor& home, callback done);

  /// Batches that became durable, and the entries in them. Any thread.
  std::uint64_t batches() const noexcept { return batches_; }
  std::uint64_t entries() const noexcept { return entries_; }

private:
  struct request {
    executor* home;
    callback done;
  };

  void write_all();
  result<void> write(const std::vector<log_change>& changes);

  log_store& store_;
  executor& thread_;
  const observer watch_;
  const clock& time_;
  std::atomic<std::uint64_t> batches_ = 0;
  std::atomic<std::uint64_t> entries_ = 0;
  std::mutex mutex_;
  std::vector<log_change> changes_;
  std::vector<request> waiting_; ///< as long as changes_
  bool scheduled_ = false;
};

} // namespace iris::persistence
