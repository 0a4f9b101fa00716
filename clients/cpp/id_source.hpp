#pragma once

#include "base/ids.hpp"

#include <chrono>

namespace iris::client {

/// Makes a client's message ids from the node's time: UUIDv7, strictly
/// increasing, several in a millisecond included (RFC 9562, section 6.2,
/// method 2). The one exception: when our own clock turns out to have been far
/// ahead, later ids are smaller than those that the node would refuse.
class id_source {
public:
  using nanoseconds = std::chrono::nanoseconds;

  /// The wall clock at `now`, our own or the node's. The node's is the better.
  void set_clock(timestamp wall, nanoseconds now) noexcept;

  message_id next(nanoseconds now, random_source& random);

private:
  static constexpr std::int64_t ahead_ms_max = 60'000;

  std::int64_t offset_ms_ = 0; ///< wall clock minus steady clock
  message_id last_{};
};

} // namespace iris::client
