#pragma once

#include "base/clock.hpp"

#include <chrono>

namespace iris::sim {

/// What a machine takes for the time: somewhat fast or slow, and its wall time
/// is set wrong now and then.
class machine_clock final : public clock {
public:
  using nanoseconds = std::chrono::nanoseconds;

  /// So much faster than the world's time, or slower if below zero.
  explicit machine_clock(const clock& world, int faster_permille = 0)
    : world_(world), rate_(permille + faster_permille),
      wall_zero_(world.wall_now().ms - to_ms(world.steady_now()).count()) {}

  timestamp wall_now() const override {
    return {wall_zero_ + to_ms(steady_now() + wrong_by_).count()};
  }
  nanoseconds steady_now() const override {
    return world_.steady_now() * rate_ / permille;
  }

  /// The wall time jumps, to be wrong by this much.
  void set_wrong(std::chrono::milliseconds by) { wrong_by_ = by; }

  void set_back(std::chrono::milliseconds by) { wrong_by_ -= by; }

  /// How long the world takes until this clock has gone on by `local`; never
  /// less, for no timer fires early.
  nanoseconds in_world(nanoseconds local) const {
    return nanoseconds{(local.count() * permille + rate_ - 1) / rate_};
  }

private:
  static constexpr std::int64_t permille = 1000;

  static std::chrono::milliseconds to_ms(nanoseconds x) {
    return std::chrono::floor<std::chrono::milliseconds>(x);
  }

  const clock& world_;
  const std::int64_t rate_;
  const std::int64_t wall_zero_;
  nanoseconds wrong_by_{0};
};

} // namespace iris::sim
