#pragma once

#include <chrono>
#include <functional>

namespace iris {

using task = std::function<void()>;

/// Runs tasks one after the other, in the order they were posted. Production
/// has threads behind it, the simulation a seeded scheduler in virtual time.
class executor {
public:
  virtual ~executor() = default;

  /// Any thread. Never runs `what` before it returns.
  virtual void post(task what) = 0;

  /// Runs `what` on this executor after `delay`. It can't be cancelled: let it
  /// hold a weak reference or a generation, and keep delays bounded.
  virtual void after(std::chrono::milliseconds delay, task what) = 0;
};

} // namespace iris
