#include "tests/sim/link.hpp"

#include "edge/inbound.hpp"

#include <algorithm>

namespace iris::sim {

link::link(world& in, supervision::unit& home, client_end client)
  : world_(in), home_(home), client_(std::move(client)) {
  // nop
}

std::chrono::nanoseconds link::latency() {
  auto& random = world_.random();
  // Mostly quick, now and then a hiccup.
  auto us = random.chance(2) ? random.below(200'000) : 20 + random.below(400);
  return std::chrono::microseconds{us};
}

// -- towards the node ---------------------------------------------------------

void link::client_send(std::string bytes) {
  if (cut_)
    return;
  to_node_ += bytes;
  move_to_node();
}

void link::move_to_node() {
  if (node_moving_ || !reading_ || to_node_.empty())
    return;
  node_moving_ = true;
  world_.after(latency(), [self = shared_from_this()] {
    self->node_moving_ = false;
    if (self->cut_ || !self->reading_)
      return;
    auto& all = self->to_node_;
    auto& random = self->world_.random();
    auto n = random.chance(10) ? 1 + random.below(all.size()) : all.size();
    auto piece = all.substr(0, n);
    all.erase(0, n);
    self->deliver(piece);
    self->move_to_node();
  });
}

void link::deliver(std::string_view bytes) {
  if (closing_)
    return;
  actors::inbound what;
  auto fed = framer_.feed(bytes, [&](std::string_view frame) {
    return edge::decode_into(what, frame);
  });
  if (!fed)
    edge::broken(what, fed.failure());
  if (what.frames.empty())
    return;
  reading_ = false;
  caf::anon_send(owner_, std::move(what));
}

void link::resume() {
  reading_ = true;
  move_to_node();
}

// -- towards the client -------------------------------------------------------

void link::send(std::string_view frame) {
  if (cut_ || closing_)
    return;
  auto n = frame.size();
  for (int shift = 24; shift >= 0; shift -= 8)
    to_client_.push_back(static_cast<char>(n >> shift));
  to_client_.append(frame);
  if (to_client_.size() >= socket_bytes)
    congested_ = true;
  move_to_client();
}

void link::move_to_client() {
  if (client_moving_ || stalled_ || to_client_.empty())
    return;
  client_moving_ = true;
  world_.after(latency(), [self = shared_from_this()] {
    self->client_moving_ = false;
    if (self->cut_ || self->stalled_)
      return;
    auto& random = self->world_.random();
    auto& all = self->to_client_;
    auto n = random.chance(10) ? 1 + random.below(all.size()) : all.size();
    auto piece = all.substr(0, n);
    all.erase(0, n);
    self->client_.received(piece);
    if (self->cut_)
      return;
    if (!all.empty())
      return self->move_to_client();
    if (self->closing_)
      return self->cut();
    if (std::exchange(self->congested_, false) && self->owner_)
      caf::anon_send(self->owner_, actors::output_drained{});
  });
}

void link::client_stalls(bool yes) {
  stalled_ = yes;
  move_to_client();
}

// -- ending -------------------------------------------------------------------

void link::close() {
  if (cut_)
    return;
  closing_ = true;
  if (to_client_.empty() || stalled_)
    cut();
}

void link::cut() {
  if (std::exchange(cut_, true))
    return;
  home_.after(std::chrono::milliseconds{world_.random().below(50)},
              [self = shared_from_this()] {
                if (auto owner = std::exchange(self->owner_, nullptr))
                  caf::anon_send(owner, actors::disconnected{});
              });
  world_.after(latency(),
               [closed = std::exchange(client_.closed, nullptr)] { closed(); });
}

void link::drain() {
  if (owner_)
    caf::anon_send(owner_, actors::drain{});
}

void link::kill() {
  if (auto owner = std::exchange(owner_, nullptr))
    caf::anon_send_exit(owner, caf::exit_reason::kill);
  cut();
}

} // namespace iris::sim
