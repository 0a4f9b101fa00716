#pragma once

#include "base/clock.hpp"
#include "supervision/caf.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

namespace iris::edge {

/// With any executor, as Asio has it, an idle one takes 150 bytes more.
using tcp_socket =
  boost::asio::basic_stream_socket<boost::asio::ip::tcp,
                                   boost::asio::io_context::executor_type>;

/// A unit whose actors share a thread with sockets, so that a frame reaches
/// its actor without waking anybody.
class io_thread final : public supervision::unit {
public:
  using moment = boost::asio::steady_timer::time_point;

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

  /// What waits for a time up to `now` is next. On the thread; the timer says
  /// so, or a test that doesn't wait.
  void run_due(moment now);

private:
  using job = std::variant<caf::resumable*, task>;

  void enqueue(job what);
  void run_some();
  void run(job& what);
  void wait_until(moment when, task what);
  void arm();
  bool here() const noexcept;
  void end(int turns);

  boost::asio::io_context io_{1};
  /// One timer for all: each of Asio's takes 250 bytes.
  boost::asio::steady_timer timer_{io_};
  std::multimap<moment, task> waiting_; ///< only on this thread
  std::deque<job> local_;               ///< only on this thread
  bool running_ = false;                ///< a run_some is posted or under way
  std::mutex mutex_;
  std::vector<job> remote_;
  std::thread thread_;
};

} // namespace iris::edge
