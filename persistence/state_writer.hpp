#pragma once

#include "base/executor.hpp"
#include "persistence/state_store.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace iris::persistence {

/// Applies committed entries of all shards to the state store in batches, for
/// a thread that is woken for each of them costs more than the write. Nobody
/// waits for it but who reads. After `sync_bytes` of them it makes the store
/// durable, so that the logs may be cut.
class state_writer {
public:
  struct outcome {
    /// What is applied now.
    std::uint64_t index = 0;
    /// Applied and durable; the log up to here is not needed any more.
    std::uint64_t synced_index = 0;
    /// That of the applied point behind this entry.
    std::uint64_t checksum = 0;
  };
  using callback = std::function<void(const result<outcome>&)>;

  /// `thread` runs the writes. `sync_bytes`: how much the logs may hold, over
  /// all shards, before they are cut.
  state_writer(state_store& store, executor& thread, std::uint64_t sync_bytes);

  struct entry {
    shard_id shard;
    std::uint64_t index = 0;
    std::uint64_t term = 0;
    /// Empty writes for what is not a command.
    std::shared_ptr<const std::string> writes;
    /// If set, it gets the shard as it is right behind this entry, on the
    /// thread that writes; not if the write fails.
    std::function<void(result<std::unique_ptr<shard_image>>)> look = {};
  };

  /// Any thread; the entries of a shard in order. Posts `done` to `home` once
  /// the entry is readable, or has failed: soon, or at once if much waits.
  void submit(entry what, executor& home, callback done);

  /// Any thread. Somebody wants to read what was submitted.
  void hurry();

  /// Any thread. Runs `work` behind all that was submitted, and nothing beside
  /// it; posts what it returns to `home`.
  template <class T>
  void run(std::function<result<T>(state_store&)> work, executor& home,
           std::function<void(const result<T>&)> done) {
    hurry();
    thread_.post(
      [this, work = std::move(work), &home, done = std::move(done)]() mutable {
        home.post([out = work(store_), done = std::move(done)] { done(out); });
      });
  }

private:
  struct request {
    entry what;
    executor* home;
    callback done;
  };

  void schedule();
  void on_window_over();
  void apply_all();
  void apply_part(std::span<request> part, error& failed);
  result<std::vector<std::uint64_t>> apply(std::span<const request> part);

  state_store& store_;
  executor& thread_;
  const std::uint64_t sync_bytes_;
  std::uint64_t unsynced_bytes_ = 0;
  bool synced_ = false;
  std::mutex mutex_;
  std::vector<request> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool window_open_ = false;
  bool scheduled_ = false;
};

} // namespace iris::persistence
