#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace iris::bench {

/// Tells from time to time what goes on, as long as something does. Pure: it
/// is told what time it is.
class progress {
public:
  using time_point = std::chrono::steady_clock::time_point;
  /// Hears how long it has gone on, and what goes on.
  using teller = std::function<void(std::chrono::seconds, const std::string&)>;

  /// From now on `tell` hears it each time that `every` has passed. Once.
  void begin(teller tell, std::chrono::milliseconds every, time_point now);

  /// What goes on from here on, asked when it is told; empty for nothing.
  void now_doing(std::function<std::string()> what) {
    doing_ = std::move(what);
  }

  /// Tells it, if it is time to.
  void look(time_point now);

  /// When it is to be looked at next; never() before begin().
  time_point due() const noexcept { return due_; }
  static time_point never() noexcept { return time_point::max(); }

private:
  teller tell_;
  std::chrono::milliseconds every_{0};
  time_point began_;
  time_point due_ = never();
  std::function<std::string()> doing_;
};

} // namespace iris::bench
