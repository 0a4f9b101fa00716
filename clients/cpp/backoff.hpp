#pragma once

#include "base/random.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace iris::client {

/// Exponential backoff: ceilings of base, 2 base, 4 base, … up to `max`.
class backoff {
public:
  using nanoseconds = std::chrono::nanoseconds;

  backoff(nanoseconds base, nanoseconds max) noexcept
    : base_(std::max(base, nanoseconds{1})), max_(max) {}

  /// What the next wait is bounded by.
  nanoseconds ceiling() const noexcept {
    return std::min(max_, base_ * (std::int64_t{1} << doublings_));
  }

  /// The next wait, anywhere in [0, ceiling): clients that were cut off
  /// together don't come back together (Brooker, "Exponential Backoff And
  /// Jitter", AWS Architecture Blog, 2015).
  nanoseconds full_jitter(random_source& random) noexcept {
    auto out = jitter(ceiling(), random);
    grow();
    return out;
  }

  /// A wait in [0, base), which changes nothing.
  nanoseconds short_jitter(random_source& random) const noexcept {
    return jitter(base_, random);
  }

  /// The next wait when the node gave a hint: never shorter than the hint or
  /// the ceiling, and at most half as long again.
  nanoseconds after_hint(nanoseconds hint, random_source& random) noexcept {
    auto least = std::max(ceiling(), std::min(hint, hint_max));
    grow();
    return least + jitter(least / 2, random);
  }

  void reset() noexcept { doublings_ = 0; }

  /// Nobody makes us wait for longer.
  static constexpr nanoseconds hint_max = std::chrono::minutes{1};

private:
  static nanoseconds jitter(nanoseconds below, random_source& random) noexcept {
    auto n =
      static_cast<std::uint64_t>(std::max(below, nanoseconds{1}).count());
    return nanoseconds{random.below(n)};
  }
  void grow() noexcept { doublings_ += ceiling() < max_ ? 1 : 0; }

  nanoseconds base_;
  nanoseconds max_;
  unsigned doublings_ = 0;
};

} // namespace iris::client
