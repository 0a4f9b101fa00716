#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace iris {

/// Wall-clock time in milliseconds since 1970-01-01T00:00:00Z. It may jump;
/// use it for what people and other machines see, never to measure.
struct timestamp {
  std::int64_t ms = 0;

  auto operator<=>(const timestamp&) const = default;
};

/// Where time comes from. Any thread.
class clock {
public:
  virtual ~clock() = default;

  virtual timestamp wall_now() const = 0;

  /// Never goes backwards, its zero means nothing. For deadlines.
  virtual std::chrono::nanoseconds steady_now() const = 0;
};

/// The machine's clock.
const clock& system_clock() noexcept;

} // namespace iris
