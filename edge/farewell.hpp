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
/// too. It shuts once nothing of what is left was taken for one `pause`, or
/// when all `pauses` are over.
struct farewell {
  static constexpr std::chrono::milliseconds pause{1000};
  static constexpr int pauses = 5;

  template <class Wire>
  static void begin(io_thread& home, const std::shared_ptr<Wire>& of,
                    int more = pauses - 1) {
    home.after(pause,
               [&home, weak = std::weak_ptr{of}, before = of->left(), more] {
                 auto wire = weak.lock();
                 if (!wire)
                   return;
                 auto left = wire->left();
                 if (more == 0 || (left > 0 && left >= before))
                   wire->shut();
                 else
                   begin(home, wire, more - 1);
               });
  }
};

} // namespace iris::edge
