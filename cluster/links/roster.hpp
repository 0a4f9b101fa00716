#pragma once

#include "cluster/links/outgoing.hpp"
#include "cluster/links/refusals.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace iris::cluster {

/// One peer, as all threads see it. Lives as long as the links, listed or not.
class peer_state {
public:
  peer_state(node_id node, const link_options& with)
    : node_(node), out_(with.waiting_max, with.window) {
    // nop
  }

  node_id node() const noexcept { return node_; }
  outgoing& out() noexcept { return out_; }

  void list(const config::endpoint& at);
  void strike();
  /// Where it is, if this node links to it.
  std::optional<config::endpoint> address() const;

  /// A link that speaks this version is up, and with it no problem is left.
  /// Clients reach the peer at `urls`.
  void set_up(std::uint8_t version, const std::vector<std::string>& urls);
  void set_down();
  /// Why there is no link. Whether to log that now, as `refusals::say`.
  std::optional<std::uint64_t> set_problem(const std::string& what,
                                           std::chrono::nanoseconds now);
  /// There is no link, and nothing says why: what is known of it stays.
  std::optional<std::uint64_t> set_unexplained(const std::string& what,
                                               std::chrono::nanoseconds now);
  links::status describe() const;

private:
  const node_id node_;
  outgoing out_;
  mutable std::mutex mutex_;
  bool listed_ = false;
  std::uint8_t version_ = 0; ///< of the link that is up
  config::endpoint at_;
  std::string problem_;
  std::vector<std::string> urls_; ///< while it is up
  refusals said_;
};

using peer_ptr = std::shared_ptr<peer_state>;

/// Any thread.
class roster {
public:
  /// `self` is left out. Who isn't in the list any more is struck.
  void assign(const std::vector<link_address>& peers, const link_options& with);

  /// Null for a node that was never listed.
  peer_ptr find(node_id node) const;
  /// By node, also who isn't listed any more.
  std::vector<peer_ptr> all() const;

private:
  mutable std::mutex mutex_;
  std::map<node_id, peer_ptr> peers_;
};

} // namespace iris::cluster
