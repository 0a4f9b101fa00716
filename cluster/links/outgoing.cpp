#include "cluster/links/outgoing.hpp"

#include "base/codec.hpp"

#include <algorithm>

namespace iris::cluster {

namespace {

/// Before a piece: whether it is the last of its frame, and its length.
constexpr std::size_t head_bytes = 1 + 3;
/// With less room than this a piece isn't worth its head.
constexpr std::size_t room_min = 1024;

} // namespace

std::string_view to_string(lane x) noexcept {
  constexpr std::string_view names[] = {"consensus", "commands", "bulk"};
  return names[static_cast<std::size_t>(x)];
}

void outgoing::open(std::function<void()> wake) {
  std::lock_guard guard{mutex_};
  for (std::size_t i = 0; i < lanes; ++i) {
    queues_[i] = {};
    queues_[i].credit = window_.of(static_cast<lane>(i));
  }
  wake_ = std::move(wake);
  awake_ = false;
}

void outgoing::close() {
  std::lock_guard guard{mutex_};
  wake_ = nullptr;
  for (auto& x : queues_)
    x = {};
}

bool outgoing::push(lane by, std::string frame) {
  std::lock_guard guard{mutex_};
  auto& to = of(by);
  if (!wake_ || frame.size() > frame_bytes_max.of(by)
      || (to.waiting > 0 && to.waiting + frame.size() > waiting_max_.of(by)))
    return false;
  // A byte more, so that empty ones don't come for nothing.
  to.waiting += frame.size() + 1;
  to.frames.push_back(std::move(frame));
  if (!std::exchange(awake_, true))
    wake_();
  return true;
}

std::optional<packet_content> outgoing::next() {
  std::lock_guard guard{mutex_};
  for (std::size_t i = 0; i < lanes; ++i) {
    auto& from = queues_[i];
    if (!from.frames.empty() && from.credit >= room_min)
      return packet_content{static_cast<lane>(i), fill(from)};
  }
  awake_ = false;
  return std::nullopt;
}

std::string outgoing::fill(queue& from) {
  auto room = std::min(packet_bytes_max, from.credit);
  std::string out;
  encoder to{out};
  while (!from.frames.empty() && out.size() + head_bytes < room) {
    auto& frame = from.frames.front();
    auto rest = std::string_view{frame}.substr(from.sent);
    auto piece = rest.substr(0, room - out.size() - head_bytes);
    if (piece.size() < rest.size() && room - out.size() < room_min)
      break;
    auto last = piece.size() == rest.size();
    to.u8(last ? 1 : 0).bytes(piece);
    from.sent += piece.size();
    if (!last)
      break;
    from.waiting -= frame.size() + 1;
    from.frames.pop_front();
    from.sent = 0;
  }
  from.credit -= out.size();
  return out;
}

void outgoing::grant(lane by, std::size_t bytes) {
  std::lock_guard guard{mutex_};
  auto& to = of(by);
  to.credit = std::min(to.credit + bytes, window_.of(by));
  if (wake_ && !to.frames.empty() && !std::exchange(awake_, true))
    wake_();
}

} // namespace iris::cluster
