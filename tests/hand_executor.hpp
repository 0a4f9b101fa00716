#pragma once

#include "base/executor.hpp"

#include <deque>

namespace iris::test {

/// Runs what was posted when it is told to, and says when time passes.
struct hand_executor final : executor {
  std::deque<task> tasks;
  std::deque<task> timed;

  void post(task what) override { tasks.push_back(std::move(what)); }
  void after(std::chrono::milliseconds, task what) override {
    timed.push_back(std::move(what));
  }
  /// All that waits for its time may run. Whether there was anything.
  bool pass_time() {
    auto any = !timed.empty();
    for (; !timed.empty(); timed.pop_front())
      post(std::move(timed.front()));
    return any;
  }
  /// Until there is nothing to do. Whether there was anything.
  bool run() {
    auto any = !tasks.empty();
    while (!tasks.empty()) {
      auto next = std::move(tasks.front());
      tasks.pop_front();
      next();
    }
    return any;
  }
};

} // namespace iris::test
