#pragma once

// Asio 1.74 forgets this one on g++ 12.
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace iris::bench {

using steady = std::chrono::steady_clock;

/// Nanoseconds on the steady clock.
std::uint64_t now_ns() noexcept;

/// Has bytes to write; see reactor::flush_later.
class flushable {
public:
  virtual ~flushable() = default;
  virtual void flush() = 0;
};

/// The one thread of the load generator. It has to take little of the machine
/// that is measured with it: reads share one buffer, and what is sent while
/// handlers run leaves in one write a connection.
class reactor {
public:
  boost::asio::io_context& io() noexcept { return io_; }

  /// Runs handlers until `done`, which is asked after each. False: `at_most`
  /// is over.
  bool run_until(const std::function<bool()>& done,
                 std::chrono::nanoseconds at_most);

  /// Hears how long it has gone on, and what goes on.
  using teller = std::function<void(std::chrono::seconds, const std::string&)>;
  /// From now on `tell` hears it each time so long a time has passed. Once.
  void tell_progress(teller tell, std::chrono::milliseconds every);
  /// What goes on from here on, asked when it is told; empty for nothing.
  void now_doing(std::function<std::string()> what) {
    doing_ = std::move(what);
  }

  /// Calls flush() once this turn's handlers have run.
  void flush_later(std::shared_ptr<flushable> who);

  /// For one read at a time.
  std::array<char, 256 * 1024>& scratch() noexcept { return *scratch_; }

private:
  void tell_later();

  boost::asio::io_context io_{1};
  boost::asio::steady_timer timer_{io_};
  steady::time_point began_;
  std::chrono::milliseconds every_{0};
  teller tell_;
  std::function<std::string()> doing_;
  std::unique_ptr<std::array<char, 256 * 1024>> scratch_ =
    std::make_unique<std::array<char, 256 * 1024>>();
  std::vector<std::shared_ptr<flushable>> waiting_;
};

} // namespace iris::bench
