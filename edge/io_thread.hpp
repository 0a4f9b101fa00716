#pragma once

#include "base/clock.hpp"
#include "supervision/caf.hpp"

#include <boost/asio/io_context.hpp>

#include <deque>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

namespace iris::edge {

/// A unit whose actors share a thread with sockets, so that a frame reaches
/// its actor without waking anybody.
class io_thread final : public supervision::unit {
public:
  explicit io_thread(caf::actor_system& system);
  /// Stops first.
  ~io_thread() override;

  void start();
  /// Ends the thread once it has nothing to do; what waits for a time or a
  /// socket never runs. Not on the thread itself.
  void stop();

  boost::asio::io_context& io() noexcept { return io_; }

  void exec_later(caf::resumable* what) override;
  void post(task what) override;
  void after(std::chrono::milliseconds delay, task what) override;

private:
  using job = std::variant<caf::resumable*, task>;

  void enqueue(job what);
  void run_some();
  void run(job& what);
  bool here() const noexcept;
  void end(int turns);

  boost::asio::io_context io_{1};
  std::deque<job> local_; ///< only on this thread
  bool running_ = false;  ///< a run_some is posted or under way
  std::mutex mutex_;
  std::vector<job> remote_;
  std::thread thread_;
};

} // namespace iris::edge
