#include "base/thread_executor.hpp"

#include "base/clock.hpp"

#include <algorithm>
#include <pthread.h>
#include <utility>

namespace iris {

thread_executor::thread_executor(std::string name)
  : thread_([this] { run(); }) {
  name.resize(std::min<std::size_t>(name.size(), 15));
  pthread_setname_np(thread_.native_handle(), name.c_str());
}

thread_executor::~thread_executor() {
  stop();
}

void thread_executor::post(task what) {
  std::lock_guard guard{mutex_};
  if (ended_)
    return;
  ready_.push_back(std::move(what));
  changed_.notify_one();
}

void thread_executor::after(std::chrono::milliseconds delay, task what) {
  auto at = system_clock().steady_now() + delay;
  std::lock_guard guard{mutex_};
  if (stopping_)
    return;
  waiting_.push({at, next_order_++, std::move(what)});
  changed_.notify_one();
}

void thread_executor::stop() {
  {
    std::lock_guard guard{mutex_};
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable())
    thread_.join();
}

void thread_executor::run() {
  std::unique_lock lock{mutex_};
  while (auto next = wait(lock)) {
    lock.unlock();
    next();
    next = nullptr;
    lock.lock();
  }
  ended_ = true;
}

task thread_executor::wait(std::unique_lock<std::mutex>& lock) {
  for (;;) {
    if (!stopping_)
      ripen();
    if (!ready_.empty()) {
      auto next = std::move(ready_.front());
      ready_.pop_front();
      return next;
    }
    if (stopping_)
      return nullptr;
    if (waiting_.empty())
      changed_.wait(lock);
    else
      changed_.wait_for(lock, waiting_.top().at - system_clock().steady_now());
  }
}

/// Moves the tasks whose time has come behind those that are ready.
void thread_executor::ripen() {
  while (!waiting_.empty()
         && waiting_.top().at <= system_clock().steady_now()) {
    // The queue hands out const references only; it is popped at once.
    ready_.push_back(std::move(const_cast<timed&>(waiting_.top()).what));
    waiting_.pop();
  }
}

} // namespace iris
