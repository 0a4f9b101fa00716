#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace iris::cluster {

/// Calls to the system that may hang and can't be broken off, each on a thread
/// of its own, which is left to itself when it takes too long. So what it uses
/// is its own. Any thread.
template <class T>
class errands {
public:
  /// Those that hang; beyond, none is begun.
  explicit errands(std::size_t hanging_max) : free_(hanging_max) {}

  /// None if it takes longer than `patience`, or too many hang already.
  std::optional<T> run(std::chrono::milliseconds patience,
                       std::function<T()> what) {
    if (!take())
      return std::nullopt;
    auto shared = std::make_shared<outcome>();
    std::thread{[this, shared, what = std::move(what)] {
      auto made = what();
      ++free_;
      std::lock_guard guard{shared->mutex};
      shared->made = std::move(made);
      shared->done.notify_one();
    }}.detach();
    std::unique_lock lock{shared->mutex};
    shared->done.wait_for(lock, patience,
                          [&] { return shared->made.has_value(); });
    return std::move(shared->made);
  }

private:
  struct outcome {
    std::mutex mutex;
    std::condition_variable done;
    std::optional<T> made;
  };

  bool take() {
    auto free = free_.load();
    while (free > 0 && !free_.compare_exchange_weak(free, free - 1))
      continue;
    return free > 0;
  }

  std::atomic<std::size_t> free_;
};

} // namespace iris::cluster
