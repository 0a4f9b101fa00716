#pragma once

#include "base/executor.hpp"

#include <deque>

namespace iris::test {

/// Runs what was posted when it is told to.
struct hand_executor final : executor {
  std::deque<task> tasks;

  void post(task what) override { tasks.push_back(std::move(what)); }
  void after(std::chrono::milliseconds, task what) override {
    post(std::move(what));
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
