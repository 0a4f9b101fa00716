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

  /// How many connections are told at a time that there are too many, at most.
  /// They take no place that somebody else could have.
  static constexpr std::size_t told_max = 256;

  gate(std::size_t connections_max, std::size_t per_address_max,
       std::size_t told = told_max)
    : connections_max_(connections_max), per_address_max_(per_address_max),
      told_max_(told) {}

  /// For those that come from now on.
  void limit(std::size_t connections_max, std::size_t per_address_max) {
    std::lock_guard guard{mutex_};
    connections_max_ = connections_max;
    per_address_max_ = per_address_max;
  }

  /// Unless it says `shut`, `leave` has to follow.
  verdict enter(const boost::asio::ip::address& from) {
    std::lock_guard guard{mutex_};
    auto here = by_address_.find(from);
    auto full =
      connections_ >= connections_max_
      || (here == by_address_.end() ? 0 : here->second) >= per_address_max_;
    if (full && told_ == told_max_)
      return verdict::shut;
    if (full) {
      ++told_;
      return verdict::full;
    }
    ++connections_;
    ++by_address_[from];
    return verdict::welcome;
  }

  /// `as` is what `enter` said.
  void leave(const boost::asio::ip::address& from, verdict as) {
    std::lock_guard guard{mutex_};
    if (as == verdict::full) {
      --told_;
    } else {
      --connections_;
      if (auto here = by_address_.find(from); --here->second == 0)
        by_address_.erase(here);
    }
    if (is_empty())
      empty_.notify_all();
  }

  /// Waits until nobody is left. Whether that came true in time.
  bool wait_until_empty(std::chrono::milliseconds most) {
    std::unique_lock guard{mutex_};
    return empty_.wait_for(guard, most, [this] { return is_empty(); });
  }

private:
  bool is_empty() const { return connections_ == 0 && told_ == 0; }

  std::mutex mutex_;
  std::size_t connections_max_;
  std::size_t per_address_max_;
  const std::size_t told_max_;
  std::condition_variable empty_;
  std::size_t connections_ = 0; ///< those that are welcome
  std::size_t told_ = 0;
  std::map<boost::asio::ip::address, std::size_t> by_address_;
};

} // namespace iris::edge
