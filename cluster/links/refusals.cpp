#include "cluster/links/refusals.hpp"

#include <utility>

namespace iris::cluster {

std::optional<std::uint64_t> refusals::say(const std::string& reason,
                                           std::chrono::nanoseconds now) {
  if (lines_.size() >= reasons_max && !lines_.contains(reason))
    forget_old(now);
  auto full = lines_.size() >= reasons_max && !lines_.contains(reason);
  auto [found, is_new] = lines_.try_emplace(full ? "" : reason, line{now});
  auto& about = found->second;
  if (!is_new && now - about.said < pause) {
    ++about.unsaid;
    return std::nullopt;
  }
  about.said = now;
  return std::exchange(about.unsaid, 0) + std::exchange(forgotten_, 0);
}

void refusals::forget_old(std::chrono::nanoseconds now) {
  std::erase_if(lines_, [&](const auto& x) {
    if (now - x.second.said < pause)
      return false;
    forgotten_ += x.second.unsaid;
    return true;
  });
}

} // namespace iris::cluster
