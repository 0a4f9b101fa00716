#pragma once

#include "base/executor.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <queue>
#include <string>
#include <thread>
#include <vector>

namespace iris {

/// An executor with one thread of its own, for work that waits, for example
/// for a disk. The queue is unbounded: its users bound what they post. A task
/// must not throw.
class thread_executor final : public executor {
public:
  /// `name` is what the system's tools show; they cut it at 15 bytes.
  explicit thread_executor(std::string name);

  /// Stops.
  ~thread_executor() override;

  void post(task what) override;
  void after(std::chrono::milliseconds delay, task what) override;

  /// Runs what was posted before, and what that posts, then ends the thread.
  /// Tasks that wait for their time, and whatever is posted later, are
  /// destroyed without having run. Any thread but its own; again is fine.
  void stop();

private:
  struct timed {
    std::chrono::nanoseconds at;
    std::uint64_t order;
    task what;
  };
  struct later {
    bool operator()(const timed& a, const timed& b) const noexcept {
      return a.at != b.at ? a.at > b.at : a.order > b.order;
    }
  };

  void run();
  /// The next task; empty when it is time to end.
  task wait(std::unique_lock<std::mutex>& lock);
  void ripen();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<task> ready_;
  std::priority_queue<timed, std::vector<timed>, later> waiting_;
  std::uint64_t next_order_ = 0;
  bool stopping_ = false;
  bool ended_ = false;
  std::thread thread_;
};

} // namespace iris
