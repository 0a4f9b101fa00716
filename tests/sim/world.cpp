#include "tests/sim/world.hpp"

#include <algorithm>
#include <cstdio>

namespace iris::sim {

// -- world --------------------------------------------------------------------

void world::after(nanoseconds delay, task what) {
  later_.push({now_ + delay, next_order_++, std::move(what)});
}

bool world::run(nanoseconds duration, const std::function<bool()>& done) {
  auto until = now_ + duration;
  while (!done || !done()) {
    while (!later_.empty() && later_.top().at <= now_) {
      // The queue hands out const references only.
      ready_.push_back(std::move(const_cast<event&>(later_.top()).what));
      later_.pop();
    }
    if (!ready_.empty()) {
      auto pick = random_.below(ready_.size());
      std::swap(ready_[pick], ready_.back());
      auto next = std::move(ready_.back());
      ready_.pop_back();
      now_ += step;
      next();
    } else if (!later_.empty() && later_.top().at <= until) {
      now_ = std::max(now_, later_.top().at);
    } else {
      now_ = std::max(now_, until);
      return !done || done();
    }
    if (now_ > until)
      return !done || done();
  }
  return true;
}

void world::trace(std::string_view line) {
  absorb(line);
  if (!listener_)
    return;
  char time[32];
  std::snprintf(time, sizeof time, "%12.6f ",
                static_cast<double>(now_.count()) / 1e9);
  listener_(time + std::string{line});
}

// -- disk thread --------------------------------------------------------------

void disk_thread::post(task what) {
  auto takes = std::chrono::microseconds{
    1 + world_.random().below(static_cast<std::uint64_t>(slowest_.count()))};
  if (!*alive_)
    return;
  free_at_ = std::max(free_at_, world_.steady_now()) + takes;
  tasks_.push_back(std::move(what));
  // Whichever of several wake-ups comes first, the oldest task is next.
  world_.after(free_at_ - world_.steady_now(), [this, alive = alive_] {
    if (!*alive)
      return;
    auto next = std::move(tasks_.front());
    tasks_.pop_front();
    next();
    if (watcher_ && *alive)
      watcher_();
  });
}

void disk_thread::after(std::chrono::milliseconds delay, task what) {
  world_.after(time_.in_world(delay),
               [this, alive = alive_, what = std::move(what)] {
                 if (*alive)
                   post(what);
               });
}

// -- core ---------------------------------------------------------------------

core::~core() {
  stop();
}

void core::exec_later(caf::resumable* what) {
  enqueue(what);
}

void core::post(task what) {
  if (!stopped_)
    enqueue(std::move(what));
}

void core::after(std::chrono::milliseconds delay, task what) {
  world_.after(
    time_.in_world(delay),
    [this, alive = std::weak_ptr<bool>{alive_}, what = std::move(what)] {
      if (alive.lock() && !stopped_)
        expire(what);
    });
}

/// Who was given no time finds what came in meanwhile first, or its timers.
void core::expire(task what) {
  if (!late_timers_ || free_at_ <= world_.steady_now())
    return enqueue(std::move(what));
  auto late = std::chrono::microseconds{world_.random().below(20'000)};
  world_.after(
    free_at_ - world_.steady_now() + late,
    [this, alive = std::weak_ptr<bool>{alive_}, what = std::move(what)] {
      if (alive.lock() && !stopped_)
        enqueue(what);
    });
}

void core::enqueue(job what) {
  jobs_.push_back(std::move(what));
  if (!stopped_)
    schedule();
}

void core::schedule() {
  if (jobs_.empty() || std::exchange(scheduled_, true))
    return;
  auto run = [this, alive = std::weak_ptr<bool>{alive_}] {
    if (alive.lock() && !stopped_)
      run_next();
  };
  if (auto wait = free_at_ - world_.steady_now(); wait.count() > 0)
    world_.after(wait, std::move(run));
  else
    world_.soon(std::move(run));
}

void core::run_next() {
  scheduled_ = false;
  if (free_at_ > world_.steady_now())
    return schedule();
  auto next = std::move(jobs_.front());
  jobs_.pop_front();
  run(next);
  schedule();
}

void core::run(job& what) {
  if (auto* actor = std::get_if<caf::resumable*>(&what))
    resume(*actor);
  else if (!stopped_)
    std::get<task>(what)();
}

bool core::stop() {
  stopped_ = true;
  auto any = !jobs_.empty();
  while (!jobs_.empty()) {
    auto next = std::move(jobs_.front());
    jobs_.pop_front();
    run(next);
  }
  return any;
}

} // namespace iris::sim
