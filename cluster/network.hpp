#pragma once

#include "base/ids.hpp"

#include <cstdint>
#include <string>

namespace iris::cluster {

/// What must not wait for what: bulk never holds up commands, and neither
/// holds up consensus.
enum class lane : std::uint8_t { consensus, commands, bulk };

/// Carries frames to the other nodes. Frames of one lane come in order and at
/// most once while both processes live and the link holds; any of them may be
/// lost, and what was sent to or by an earlier process never comes.
class network {
public:
  /// What comes in. Called on any thread, but for one peer one call at a time.
  class receiver {
  public:
    virtual ~receiver() = default;
    virtual void on_frame(node_id from, lane by, std::string frame) = 0;
    /// The link to `peer` was made or is lost. What was on its way is lost
    /// with it; a new link may be to a new process.
    virtual void on_link(node_id peer, bool up) = 0;
  };

  virtual ~network() = default;

  /// Any thread. Whether it was taken: not without a link, nor while too much
  /// waits for the peer. What was taken may be lost all the same.
  [[nodiscard]] virtual bool send(node_id to, lane by, std::string frame) = 0;
};

} // namespace iris::cluster
