#pragma once

#include "cluster/links/links.hpp"

#include <array>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

namespace iris::cluster {

inline constexpr std::size_t lanes = 3;
std::string_view to_string(lane x) noexcept;
inline constexpr std::size_t packet_bytes_max = std::size_t{64} << 10;

/// What travels between nodes: pieces of frames of one lane, in order.
///   (last u8 | length varint | bytes) …
struct packet_content {
  lane by = lane::consensus;
  std::string pieces;
};

/// What waits for one peer. While there is no link nothing does. Any thread.
///
/// 1. A higher lane goes first; frames of one lane go in order.
/// 2. Small frames that wait together travel together; large ones are cut.
/// 3. No more of a lane is on its way than its credit.
class outgoing {
public:
  outgoing(const lane_bytes& waiting_max, const lane_bytes& window)
    : waiting_max_(waiting_max), window_(window) {
    // nop
  }

  /// A link is there. `wake` is called when there is something to take, under
  /// a lock: it only notifies.
  void open(std::function<void()> wake);
  /// Forgets what waits.
  void close();

  /// Whether it was taken.
  bool push(lane by, std::string frame);

  /// What is to be sent next, if there is something and credit for it. Once
  /// there is nothing, the next push wakes.
  std::optional<packet_content> next();

  /// The peer took that much.
  void grant(lane by, std::size_t bytes);

private:
  struct queue {
    std::deque<std::string> frames;
    std::size_t sent = 0;    ///< of the first frame
    std::size_t waiting = 0; ///< bytes of all frames
    std::size_t credit = 0;
  };

  queue& of(lane by) { return queues_[static_cast<std::size_t>(by)]; }
  static std::string fill(queue& from);

  const lane_bytes waiting_max_;
  const lane_bytes window_;
  std::mutex mutex_;
  std::array<queue, lanes> queues_;
  std::function<void()> wake_;
  bool awake_ = false;
};

} // namespace iris::cluster
