#pragma once

#include "cluster/links/outgoing.hpp"

#include <functional>

namespace iris::cluster {

/// Makes frames whole again that came in packets, and says when to let the peer
/// send more. One session's; one thread at a time.
class incoming {
public:
  explicit incoming(const lane_bytes& window) : window_(window) {}

  /// Calls `visit` for each frame that is whole now. Fails with bad_frame or
  /// frame_too_large: nothing that follows makes sense then.
  result<void> take(lane by, std::string_view pieces,
                    const std::function<void(std::string)>& visit);

  /// How much of the lane the peer may send again: what was taken, once it is
  /// worth a message; else 0.
  std::size_t grant(lane by);

private:
  const lane_bytes window_;
  std::array<std::string, lanes> begun_;
  std::array<std::size_t, lanes> taken_{};
};

} // namespace iris::cluster
