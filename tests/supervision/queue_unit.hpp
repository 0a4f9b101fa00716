#pragma once

#include "base/clock.hpp"
#include "supervision/caf.hpp"

#include <deque>
#include <functional>
#include <map>

namespace iris::supervision::test {

/// A unit whose actors run when the test says so, in its thread, and the
/// clock that goes with it.
class queue_unit final : public unit, public clock {
public:
  explicit queue_unit(caf::actor_system& system) : unit(system) {}
  ~queue_unit() override { run(); }

  void exec_later(caf::resumable* what) override {
    post([this, what] { resume(what); });
  }
  void post(task what) override { jobs_.push_back(std::move(what)); }
  void after(std::chrono::milliseconds delay, task what) override {
    later_.emplace(now_ + delay, std::move(what));
  }

  /// Until nothing is left to do at this time.
  void run() {
    while (!jobs_.empty()) {
      auto next = std::move(jobs_.front());
      jobs_.pop_front();
      next();
    }
  }

  /// Moves the time on, and runs what becomes due in its order.
  void pass(std::chrono::nanoseconds time) {
    run();
    auto end = now_ + time;
    while (!later_.empty() && later_.begin()->first <= end) {
      auto next = later_.extract(later_.begin());
      now_ = next.key();
      next.mapped()();
      run();
    }
    now_ = end;
  }

  timestamp wall_now() const override { return {now_.count() / 1'000'000}; }
  std::chrono::nanoseconds steady_now() const override { return now_; }

private:
  std::deque<task> jobs_;
  std::multimap<std::chrono::nanoseconds, task> later_;
  std::chrono::nanoseconds now_ = std::chrono::hours{1};
};

} // namespace iris::supervision::test
