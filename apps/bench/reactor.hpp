#pragma once

#include "apps/bench/progress.hpp"

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

  /// See progress::begin and progress::now_doing.
  void tell_progress(progress::teller tell, std::chrono::milliseconds every);
  void now_doing(std::function<std::string()> what) {
    progress_.now_doing(std::move(what));
  }
  /// For what takes long and runs no handlers: tells it, if it is time to.
  void tell_if_due() { progress_.look(steady::now()); }

  /// Calls flush() once this turn's handlers have run.
  void flush_later(std::shared_ptr<flushable> who);

  /// For one read at a time.
  std::array<char, 256 * 1024>& scratch() noexcept { return *scratch_; }

private:
  void tell_later();

  boost::asio::io_context io_{1};
  boost::asio::steady_timer timer_{io_};
  progress progress_;
  std::unique_ptr<std::array<char, 256 * 1024>> scratch_ =
    std::make_unique<std::array<char, 256 * 1024>>();
  std::vector<std::shared_ptr<flushable>> waiting_;
};

} // namespace iris::bench
