#pragma once

#include "cluster/network.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <set>

namespace iris::cluster {

/// Keeps a founder of a cluster from everybody until it has met all other
/// founders once. Before, somebody might not know it yet, and would take an
/// empty node with its number for it: the two could found the cluster once
/// more, beside what the others have acknowledged.
///
/// Stands between the links and their receiver. While it is closed frames are
/// lost, and links look as if they were not there.
class founding_gate final : public network::receiver {
public:
  /// `missing` are those that were never met. `on_met` is called, on a link's
  /// thread, when there is a link to one of them: once that is durable it is
  /// for whoever is told to call `release`.
  founding_gate(receiver& to, std::set<node_id> missing,
                std::function<void(node_id)> on_met);

  void on_frame(node_id from, lane by, std::string frame) override;
  void on_link(node_id peer, bool up) override;

  /// This one isn't waited for any more: it was met, or is no founder now. Any
  /// thread; the receiver may be called before it returns. Whether that opened
  /// the gate.
  bool release(node_id node);

  /// Who is waited for; none if it is open. Any thread.
  std::set<node_id> missing() const;

private:
  bool note(node_id peer, bool up);

  receiver& to_;
  const std::function<void(node_id)> on_met_;
  /// Never unset. Set only after the receiver knows all links.
  std::atomic<bool> open_;
  mutable std::mutex mutex_;
  std::set<node_id> missing_, linked_;
};

} // namespace iris::cluster
