#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace iris::actors {

/// A token bucket of one second's worth, kept as one number: the time at which
/// it will be full (the virtual scheduling algorithm of ITU-T I.371).
class rate_limit {
public:
  using nanoseconds = std::chrono::nanoseconds;

  /// 0: no limit.
  explicit rate_limit(std::uint32_t per_second) noexcept
    : interval_(per_second == 0 ? 0 : second.count() / per_second) {}

  /// Takes a token, and returns 0; or takes none, and returns how long it is
  /// until there is one.
  nanoseconds take(nanoseconds now) noexcept {
    auto full_at = std::max(full_at_, now) + interval_;
    if (full_at > now + second)
      return full_at - now - second;
    full_at_ = full_at;
    return nanoseconds{0};
  }

private:
  static constexpr nanoseconds second = std::chrono::seconds{1};

  const nanoseconds interval_;
  nanoseconds full_at_{0};
};

} // namespace iris::actors
