#include "apps/expiry.hpp"

namespace iris::apps {

namespace {

std::chrono::milliseconds between(timestamp from, timestamp to) {
  return std::chrono::milliseconds{to.ms - from.ms};
}

} // namespace

std::int64_t days_left(timestamp end, timestamp now) {
  return std::chrono::floor<std::chrono::days>(between(now, end)).count();
}

bool expiry_reminder::due(const std::string& certificate, timestamp end,
                          timestamp now) {
  if (between(now, end) > ahead) {
    said_.erase(certificate);
    return false;
  }
  auto [found, is_new] = said_.try_emplace(certificate, now);
  // A wall clock that was set back would keep it silent.
  auto since = between(found->second, now);
  if (!is_new && since >= since.zero() && since < pause)
    return false;
  found->second = now;
  return true;
}

} // namespace iris::apps
