#pragma once

#include "admin/router.hpp"

// Asio 1.74 forgets this one on g++ 12.
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace iris::admin {

/// Brings answers from any thread to the coroutine that waits for them. Holds
/// nothing of Asio's but a pointer, so that an answer may come when the
/// listener and its io_context are gone.
class answers : public std::enable_shared_from_this<answers> {
public:
  explicit answers(boost::asio::io_context& on) noexcept : on_(&on) {}

  /// Drops every answer from now on. Any thread; before the io_context ends.
  void close();

  /// What `ask` is answered through the function it is given, or nothing at
  /// the deadline. On the io_context's thread.
  boost::asio::awaitable<std::optional<answer>>
  wait(std::chrono::milliseconds at_most,
       std::function<void(router::reply)> ask);

private:
  struct slot;

  void deliver(std::uint64_t id, answer x);
  void arrived(std::uint64_t id, answer x);

  std::mutex mutex_;
  boost::asio::io_context* on_; // guarded by mutex_
  // The rest belongs to the io_context's thread.
  std::uint64_t last_id_ = 0;
  std::unordered_map<std::uint64_t, slot*> waiting_;
};

} // namespace iris::admin
