#pragma once

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>

namespace iris::edge {

/// Who may still connect: counts connections, in all and by address. Any
/// thread.
class gate {
public:
  enum class verdict : std::uint8_t {
    welcome,
    full, ///< take it, say so, and close it
    shut, ///< not even that
  };

  /// How many connections are told that there are too many, in all and of one
  /// address.
  static constexpr std::size_t told_max = 256;

  gate(std::size_t connections_max, std::size_t per_address_max)
    : connections_max_(connections_max), per_address_max_(per_address_max) {}

  /// For those that come from now on.
  void limit(std::size_t connections_max, std::size_t per_address_max) {
    std::lock_guard guard{mutex_};
    connections_max_ = connections_max;
    per_address_max_ = per_address_max;
  }

  /// Unless it says `shut`, `leave` has to follow.
  verdict enter(const boost::asio::ip::address& from) {
    std::lock_guard guard{mutex_};
    if (connections_ >= connections_max_ + told_max)
      return verdict::shut;
    auto& here = by_address_[from];
    // Those that are told count until they are gone: else one address could
    // fill the node with them.
    if (here >= per_address_max_ + told_max)
      return verdict::shut; // Not the first one, so the entry was there.
    auto full = connections_ >= connections_max_ || here >= per_address_max_;
    ++connections_;
    ++here;
    return full ? verdict::full : verdict::welcome;
  }

  void leave(const boost::asio::ip::address& from) {
    std::lock_guard guard{mutex_};
    --connections_;
    if (auto i = by_address_.find(from); --i->second == 0)
      by_address_.erase(i);
    if (connections_ == 0)
      empty_.notify_all();
  }

  /// Waits until nobody is left. Whether that came true in time.
  bool wait_until_empty(std::chrono::milliseconds most) {
    std::unique_lock guard{mutex_};
    return empty_.wait_for(guard, most, [this] { return connections_ == 0; });
  }

private:
  std::mutex mutex_;
  std::size_t connections_max_;
  std::size_t per_address_max_;
  std::condition_variable empty_;
  std::size_t connections_ = 0;
  std::map<boost::asio::ip::address, std::size_t> by_address_;
};

} // namespace iris::edge
