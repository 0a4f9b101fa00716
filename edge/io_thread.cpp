#include "edge/io_thread.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

namespace iris::edge {

namespace {

/// Jobs between two looks at the sockets.
constexpr int jobs_per_turn = 256;

/// How often the actors may keep each other busy once the thread is to end.
constexpr int ending_turns_max = 10'000;

thread_local const io_thread* current = nullptr;

} // namespace

io_thread::io_thread(caf::actor_system& system) : unit(system) {
  // nop
}

io_thread::~io_thread() {
  stop();
  waiting_.clear();
  // Actors that were still waiting for their turn lose it.
  auto drop = [](job& x) {
    if (auto* actor = std::get_if<caf::resumable*>(&x))
      caf::intrusive_ptr_release(*actor);
  };
  for (auto& x : local_)
    drop(x);
  for (auto& x : remote_)
    drop(x);
}

void io_thread::start() {
  thread_ = std::thread{[this] {
    current = this;
    auto work = boost::asio::make_work_guard(io_);
    io_.run();
  }};
}

void io_thread::stop() {
  if (!thread_.joinable())
    return;
  post([this] { end(0); });
  thread_.join();
}

/// Actors that were told to end, do: each turn lets those run that are ready.
void io_thread::end(int turns) {
  std::unique_lock guard{mutex_};
  auto idle = local_.empty() && remote_.empty();
  guard.unlock();
  if (idle || turns == ending_turns_max)
    return io_.stop();
  post([this, turns] { end(turns + 1); });
}

bool io_thread::here() const noexcept {
  return current == this;
}

void io_thread::exec_later(caf::resumable* what) {
  enqueue(what);
}

void io_thread::post(task what) {
  enqueue(std::move(what));
}

void io_thread::enqueue(job what) {
  if (here()) {
    local_.push_back(std::move(what));
    if (std::exchange(running_, true))
      return;
  } else {
    std::lock_guard guard{mutex_};
    remote_.push_back(std::move(what));
    if (remote_.size() > 1)
      return; // Somebody has knocked already.
  }
  boost::asio::post(io_, [this] { run_some(); });
}

void io_thread::run_some() {
  {
    std::lock_guard guard{mutex_};
    for (auto& x : remote_)
      local_.push_back(std::move(x));
    remote_.clear();
  }
  running_ = true;
  for (int i = 0; i < jobs_per_turn && !local_.empty(); ++i) {
    auto next = std::move(local_.front());
    local_.pop_front();
    run(next);
  }
  running_ = !local_.empty();
  if (running_)
    boost::asio::post(io_, [this] { run_some(); });
}

void io_thread::run(job& what) {
  if (auto* actor = std::get_if<caf::resumable*>(&what))
    resume(*actor);
  else
    std::get<task>(what)();
}

void io_thread::after(std::chrono::milliseconds delay, task what) {
  // What is due at about the same time wakes the thread once.
  auto when =
    std::chrono::ceil<std::chrono::milliseconds>(moment::clock::now() + delay);
  if (here())
    return wait_until(when, std::move(what));
  post([this, when, what = std::move(what)] { wait_until(when, what); });
}

void io_thread::wait_until(moment when, task what) {
  auto added = waiting_.emplace(when, std::move(what));
  if (added == waiting_.begin())
    arm();
}

/// A wait that is under way ends without effect.
void io_thread::arm() {
  timer_.expires_at(waiting_.begin()->first);
  timer_.async_wait([this](boost::system::error_code failed) {
    if (!failed)
      run_due(moment::clock::now());
  });
}

void io_thread::run_due(moment now) {
  auto due = waiting_.upper_bound(now);
  while (waiting_.begin() != due)
    enqueue(std::move(waiting_.extract(waiting_.begin()).mapped()));
  if (!waiting_.empty())
    arm();
}

} // namespace iris::edge
