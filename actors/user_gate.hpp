#pragma once

#include "base/ids.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

namespace iris::actors {

/// Who has connections to this node: limits.connections_per_user. A device
/// counts once, for its newer connection replaces the older one: a connection
/// that was lost unnoticed keeps nobody out. As large as there are
/// connections. Any thread.
class user_gate {
public:
  explicit user_gate(std::uint32_t per_user) : per_user_(per_user) {}

  /// For those that come from now on.
  void limit(std::uint32_t per_user) noexcept { per_user_ = per_user; }
  std::uint32_t limit() const noexcept { return per_user_; }

  /// Whether the device may connect; then `leave` has to follow.
  bool enter(const user_id& who, const device_id& with) {
    std::lock_guard guard{mutex_};
    auto here = connections_.find({who, with});
    if (here == connections_.end()) {
      if (devices_of(who) >= per_user_)
        return false;
      here = connections_.emplace(std::pair{who, with}, 0).first;
    }
    ++here->second;
    return true;
  }

  void leave(const user_id& who, const device_id& with) {
    std::lock_guard guard{mutex_};
    auto here = connections_.find({who, with});
    if (--here->second == 0)
      connections_.erase(here);
  }

private:
  std::size_t devices_of(const user_id& who) const {
    std::size_t out = 0;
    for (auto i = connections_.lower_bound({who, device_id{}});
         i != connections_.end() && i->first.first == who; ++i)
      ++out;
    return out;
  }

  std::atomic<std::uint32_t> per_user_; ///< at least 1
  std::mutex mutex_;
  /// How many there are of each device.
  std::map<std::pair<user_id, device_id>, std::size_t> connections_;
};

} // namespace iris::actors
