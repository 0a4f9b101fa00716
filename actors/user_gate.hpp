#pragma once

#include "base/ids.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>

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
    auto& devices = users_[who];
    auto here = devices.find(with);
    if (here == devices.end()) {
      if (devices.size() >= per_user_)
        return false; // Not the first one, so the entry was there.
      here = devices.emplace(with, 0).first;
    }
    ++here->second;
    return true;
  }

  void leave(const user_id& who, const device_id& with) {
    std::lock_guard guard{mutex_};
    auto user = users_.find(who);
    auto device = user->second.find(with);
    if (--device->second == 0)
      user->second.erase(device);
    if (user->second.empty())
      users_.erase(user);
  }

private:
  std::atomic<std::uint32_t> per_user_; ///< at least 1
  std::mutex mutex_;
  /// Connections, by device.
  std::map<user_id, std::map<device_id, std::size_t>> users_;
};

} // namespace iris::actors
