#pragma once

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"
#include "supervision/caf.hpp"
#include "tests/sim/machine_clock.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <variant>
#include <vector>

namespace iris::sim {

/// Virtual time, and everything that happens in it, in one thread: which of
/// several things that could happen next does is up to the seed. The same seed
/// gives the same run.
class world final : public clock {
public:
  using nanoseconds = std::chrono::nanoseconds;

  explicit world(std::uint64_t seed) : seed_(seed), random_(seed) {}

  std::uint64_t seed() const noexcept { return seed_; }
  random_source& random() noexcept { return random_; }

  timestamp wall_now() const override {
    return {start_ms + now_.count() / 1'000'000};
  }
  nanoseconds steady_now() const override { return now_; }
  /// Of a machine whose clock is right.
  const machine_clock& right() const noexcept { return right_; }

  /// Makes `what` happen after `delay`.
  void after(nanoseconds delay, task what);
  /// Makes `what` happen soon, before or after other such things.
  void soon(task what) { ready_.push_back(std::move(what)); }

  /// Lets things happen until `until` has passed or, with a condition, until
  /// that holds. Returns whether it does.
  bool run(nanoseconds duration, const std::function<bool()>& done = {});

  /// Told each line of the trace, with the time in front.
  using listener = std::function<void(const std::string&)>;

  /// A line of the trace: hashed always, and told to who listens.
  void trace(std::string_view line);
  /// What is hashed alone: of these there are too many to read.
  void absorb(std::string_view bytes) {
    hash_ = hash64(bytes, hash_ ^ static_cast<std::uint64_t>(now_.count()));
  }
  std::uint64_t trace_hash() const noexcept { return hash_; }
  void listen(listener to) { listener_ = std::move(to); }

private:
  /// 2025-01-01T00:00:00Z.
  static constexpr std::int64_t start_ms = 1'735'689'600'000;
  /// What the smallest step takes.
  static constexpr nanoseconds step{200};

  struct event {
    nanoseconds at;
    std::uint64_t order;
    task what;

    bool operator<(const event& other) const noexcept {
      return at != other.at ? at > other.at : order > other.order;
    }
  };

  const std::uint64_t seed_;
  random_source random_;
  nanoseconds now_{0};
  std::uint64_t next_order_ = 0;
  std::priority_queue<event> later_;
  std::vector<task> ready_;
  std::uint64_t hash_ = 0;
  listener listener_;
  const machine_clock right_{*this};
};

/// Stands for a thread that waits for a disk: tasks in order, each after some
/// time of its own. `stop` drops all that has not run.
class disk_thread final : public executor {
public:
  disk_thread(world& in, std::chrono::microseconds slowest,
              const machine_clock& time)
    : world_(in), time_(time), slowest_(slowest) {}
  disk_thread(world& in, std::chrono::microseconds slowest)
    : disk_thread(in, slowest, in.right()) {}

  void post(task what) override;
  void after(std::chrono::milliseconds delay, task what) override;
  void stop() {
    *alive_ = false;
    tasks_.clear();
  }
  /// Called behind each task.
  void watch(task by) { watcher_ = std::move(by); }
  /// What is posted from now on has to wait this long.
  void stall(std::chrono::nanoseconds duration) {
    free_at_ = std::max(free_at_, world_.steady_now()) + duration;
  }

private:
  world& world_;
  const machine_clock& time_;
  const std::chrono::microseconds slowest_;
  std::deque<task> tasks_;
  task watcher_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::chrono::nanoseconds free_at_{0};
};

/// Stands for an I/O thread with its actors.
class core final : public supervision::unit {
public:
  core(caf::actor_system& system, world& in, const machine_clock& time)
    : unit(system), world_(in), time_(time) {}
  core(caf::actor_system& system, world& in) : core(system, in, in.right()) {}
  ~core() override;

  void exec_later(caf::resumable* what) override;
  void post(task what) override;
  void after(std::chrono::milliseconds delay, task what) override;

  /// The system gives this thread no time for so long.
  void stall(std::chrono::nanoseconds duration) {
    free_at_ = std::max(free_at_, world_.steady_now()) + duration;
  }
  /// Timers that expire in a stall come some time behind it.
  void late_timers(bool yes) noexcept { late_timers_ = yes; }

  /// The process died: tasks are dropped; actors may only end. Whether there
  /// was any that did something.
  bool stop();

private:
  using job = std::variant<caf::resumable*, task>;

  void expire(task what);
  void enqueue(job what);
  void schedule();
  void run_next();
  void run(job& what);

  world& world_;
  const machine_clock& time_;
  std::deque<job> jobs_;
  bool scheduled_ = false;
  bool stopped_ = false;
  std::chrono::nanoseconds free_at_{0};
  bool late_timers_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace iris::sim
