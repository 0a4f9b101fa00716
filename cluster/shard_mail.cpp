#include "cluster/shard_mail.hpp"

#include "base/codec.hpp"
#include "cluster/raft/wire.hpp"

namespace iris::cluster {

namespace {

/// A frame that is larger doesn't wait for the end of the turn.
constexpr std::size_t frame_bytes = std::size_t{64} << 10;

std::size_t index(pace how) {
  return static_cast<std::size_t>(how);
}

} // namespace

void shard_mail::send(shard_id from, const raft::message& what, pace how,
                      executor& home) {
  auto to = what.peer;
  bool full, first;
  {
    std::lock_guard guard{mutex_};
    auto found = open_.find(to);
    if (found == open_.end())
      return;
    auto& [bytes, flushes] = found->second;
    encoder{bytes}.u16(from.value);
    raft::encode(what, bytes);
    full = bytes.size() >= frame_bytes;
    first = !full && !std::exchange(flushes[index(how)], true);
  }
  if (full)
    flush(to);
  else if (first && how == pace::soon)
    home.post([this, to] { flush(to, pace::soon); });
  else if (first)
    home.after(linger, [this, to] { flush(to, pace::lingering); });
}

void shard_mail::send(shard_id from, node_id to, const image_message& what) {
  if (net_ == nullptr)
    return;
  std::string frame;
  encoder{frame}.u16(from.value);
  encode(what, frame);
  // It is asked for again.
  static_cast<void>(net_->send(to, lane::bulk, std::move(frame)));
}

void shard_mail::flush(node_id to, pace how) {
  {
    std::lock_guard guard{mutex_};
    if (auto found = open_.find(to); found != open_.end())
      found->second.leaves[index(how)] = false;
  }
  flush(to);
}

void shard_mail::flush(node_id to) {
  std::string frame;
  {
    std::lock_guard guard{mutex_};
    if (auto found = open_.find(to); found != open_.end())
      frame.swap(found->second.bytes);
  }
  // Raft says it again, and doesn't mind if two frames change places.
  if (!frame.empty())
    static_cast<void>(net_->send(to, lane::consensus, std::move(frame)));
}

void shard_mail::on_link(node_id peer, bool up) {
  std::lock_guard guard{mutex_};
  open_.erase(peer);
  if (up)
    open_.emplace(peer, open_frame{});
}

result<void>
shard_mail::read(node_id from, std::string_view frame,
                 const std::function<void(shard_id, raft::message)>& visit) {
  decoder in{frame};
  while (!in.rest().empty()) {
    shard_id to{in.u16()};
    auto what = raft::decode_message(in);
    if (!what)
      return what.failure();
    what->peer = from;
    visit(to, *std::move(what));
  }
  return {};
}

result<void> shard_mail::read_bulk(
  std::string_view frame,
  const std::function<void(shard_id, const image_message&)>& visit) {
  decoder in{frame};
  shard_id to{in.u16()};
  auto what = decode_image_message(in.rest());
  if (!what)
    return what.failure();
  visit(to, *what);
  return {};
}

} // namespace iris::cluster
