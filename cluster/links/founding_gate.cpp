#include "cluster/links/founding_gate.hpp"

namespace iris::cluster {

founding_gate::founding_gate(receiver& to, std::set<node_id> missing,
                             std::function<void(node_id)> on_met)
  : to_(to), on_met_(std::move(on_met)), open_(missing.empty()),
    missing_(std::move(missing)) {
  // nop
}

void founding_gate::on_frame(node_id from, lane by, std::string frame) {
  if (open_)
    to_.on_frame(from, by, std::move(frame));
}

void founding_gate::on_link(node_id peer, bool up) {
  if (open_ || !note(peer, up))
    return to_.on_link(peer, up);
  if (up && missing().contains(peer))
    on_met_(peer);
}

/// Not if it has opened meanwhile, and told of all links but this change.
bool founding_gate::note(node_id peer, bool up) {
  std::lock_guard guard{mutex_};
  if (open_)
    return false;
  if (up)
    linked_.insert(peer);
  else
    linked_.erase(peer);
  return true;
}

bool founding_gate::release(node_id node) {
  std::lock_guard guard{mutex_};
  missing_.erase(node);
  if (open_ || !missing_.empty())
    return false;
  for (auto x : linked_)
    to_.on_link(x, true);
  open_ = true;
  return true;
}

std::set<node_id> founding_gate::missing() const {
  std::lock_guard guard{mutex_};
  return missing_;
}

} // namespace iris::cluster
