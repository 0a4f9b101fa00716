#include "cluster/links/roster.hpp"

namespace iris::cluster {

void peer_state::list(const config::endpoint& at) {
  std::lock_guard guard{mutex_};
  listed_ = true;
  at_ = at;
}

void peer_state::strike() {
  std::lock_guard guard{mutex_};
  listed_ = false;
}

std::optional<config::endpoint> peer_state::address() const {
  std::lock_guard guard{mutex_};
  return listed_ ? std::optional{at_} : std::nullopt;
}

void peer_state::set_up(std::uint8_t version,
                        const std::vector<std::string>& urls) {
  std::lock_guard guard{mutex_};
  version_ = version;
  urls_ = urls;
  problem_.clear();
}

void peer_state::set_down() {
  std::lock_guard guard{mutex_};
  version_ = 0;
  urls_.clear();
}

std::optional<std::uint64_t>
peer_state::set_problem(const std::string& what, std::chrono::nanoseconds now) {
  std::lock_guard guard{mutex_};
  problem_ = what;
  return said_.say(what, now);
}

std::optional<std::uint64_t>
peer_state::set_unexplained(const std::string& what,
                            std::chrono::nanoseconds now) {
  std::lock_guard guard{mutex_};
  if (!problem_.empty())
    return std::nullopt;
  problem_ = what;
  return said_.say(what, now);
}

links::status peer_state::describe() const {
  std::lock_guard guard{mutex_};
  return {node_, at_, version_ != 0, version_, problem_, urls_};
}

void roster::assign(const std::vector<link_address>& peers,
                    const link_options& with) {
  std::lock_guard guard{mutex_};
  for (auto& x : peers_)
    x.second->strike();
  for (const auto& x : peers) {
    if (x.node == with.self.node)
      continue;
    auto& peer = peers_[x.node];
    if (!peer)
      peer = std::make_shared<peer_state>(x.node, with);
    peer->list(x.at);
  }
}

peer_ptr roster::find(node_id node) const {
  std::lock_guard guard{mutex_};
  auto found = peers_.find(node);
  return found == peers_.end() ? nullptr : found->second;
}

std::vector<peer_ptr> roster::all() const {
  std::vector<peer_ptr> out;
  std::lock_guard guard{mutex_};
  for (auto& x : peers_)
    out.push_back(x.second);
  return out;
}

} // namespace iris::cluster
