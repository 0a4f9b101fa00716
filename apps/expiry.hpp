#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <map>
#include <string>

namespace iris::apps {

/// Whole days from `now` to the end of a certificate; negative once it is over.
std::int64_t days_left(timestamp end, timestamp now);

/// When to remind of certificates that end. One thread at a time.
class expiry_reminder {
public:
  static constexpr std::chrono::hours ahead{14 * 24};
  static constexpr std::chrono::hours pause{24};

  /// Whether it is time to say that this one ends: from `ahead` of its end on,
  /// once a `pause`, until it is replaced.
  bool due(const std::string& certificate, timestamp end, timestamp now);

private:
  std::map<std::string, timestamp> said_;
};

} // namespace iris::apps
