#pragma once

#include "base/result.hpp"
#include "config/endpoint.hpp"

#include <chrono>
#include <utility>

namespace iris::cluster {

/// Owns a descriptor.
class socket_fd {
public:
  explicit socket_fd(int fd = -1) noexcept : fd_(fd) {}
  ~socket_fd();
  socket_fd(socket_fd&& other) noexcept : fd_(other.release()) {}
  socket_fd& operator=(socket_fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }
  explicit operator bool() const noexcept { return fd_ >= 0; }

private:
  int fd_;
};

/// For looking up a name.
inline constexpr std::chrono::seconds look_up_patience{5};

/// Blocks, no longer than that, and for each of the name's addresses no longer
/// than `patience`. Fails with no_connection, naming the address.
result<socket_fd> connect_to(const config::endpoint& to,
                             std::chrono::milliseconds patience);

/// Fails with io_failed, naming the address.
result<socket_fd> listen_on(const config::endpoint& at);

/// Who is at the other end, as far as TCP knows.
config::endpoint peer_of(int fd);
std::uint16_t port_of(int fd);

} // namespace iris::cluster
