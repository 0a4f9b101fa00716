#pragma once

#include "edge/io_thread.hpp"

#include <linux/sockios.h>
#include <memory>
#include <sys/ioctl.h>

namespace iris::edge {

/// Bytes that the system took for the other end, which has not acknowledged
/// them.
inline std::size_t unacknowledged(tcp_socket& x) {
  int bytes = 0;
  if (!x.is_open() || ::ioctl(x.native_handle(), SIOCOUTQ, &bytes) != 0)
    return 0;
  return static_cast<std::size_t>(bytes);
}

/// A wire that closes waits for its client to take what is left and to close,
/// too. It shuts once nothing was taken for some pauses, or when all are over.
/// A client that is behind opens its window in large steps, seldom.
struct farewell {
  static constexpr std::chrono::milliseconds pause{1000};
  static constexpr int idle_pauses = 5;
  static constexpr int pauses = 30;

  template <class Wire>
  static void begin(io_thread& home, const std::shared_ptr<Wire>& of,
                    int more = pauses - 1, int idle = 0) {
    home.after(pause, [&home, weak = std::weak_ptr{of}, before = of->left(),
                       more, idle] {
      auto wire = weak.lock();
      if (!wire)
        return;
      auto in_vain = wire->left() < before ? 0 : idle + 1;
      if (more == 0 || in_vain == idle_pauses)
        wire->shut();
      else
        begin(home, wire, more - 1, in_vain);
    });
  }
};

} // namespace iris::edge
