#pragma once

#include <cstdint>

namespace iris::bench {

/// A port of the loopback that the system chose and that nobody else gets: a
/// socket that is bound to it, and doesn't listen, holds it between two lives
/// of a node, which may still bind it. Clients find the node where it was.
class reserved_port {
public:
  /// Throws std::system_error.
  reserved_port();
  ~reserved_port();
  reserved_port(const reserved_port&) = delete;
  reserved_port& operator=(const reserved_port&) = delete;

  std::uint16_t number() const noexcept { return number_; }

private:
  int fd_;
  std::uint16_t number_ = 0;
};

} // namespace iris::bench
