#pragma once

#include "base/executor.hpp"
#include "persistence/log_store.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>

namespace iris::persistence {

/// What a process of another node shows of itself.
struct shown_peer {
  std::uint64_t store = 0; ///< see identity
  std::uint64_t incarnation = 0;
  std::string starts; ///< see start_history
};

/// With which processes of other nodes this one may speak. What a node has said
/// and promised stands in its store: one that comes back without it would vote
/// twice or deny what it has acknowledged, and looks like itself to everybody
/// who doesn't remember more of it than its number.
///
/// 1. Who was admitted once is known for good: durably, before it is answered.
/// 2. A node keeps its store, and its incarnations never go back.
/// 3. A process goes on from what was last seen of its node: the start that was
///    is among its own, and has at least the mark that was seen. Of two copies
///    of a store, only the one that is seen first is that.
class peer_memory {
public:
  /// `thread` is the one that writes `store`; both outlive this, and `thread`
  /// has stopped before. No answer takes longer than `patience`.
  /// Fails with corrupt or io_failed.
  static result<std::unique_ptr<peer_memory>>
  open(log_store& store, executor& thread,
       std::chrono::milliseconds patience = std::chrono::seconds{5});

  /// Any thread but the store's; waits for the disk. Again is fine. Fails with
  /// store_foreign, saying why this process is not the node that it was; with
  /// deadline_exceeded; or as the disk does, and then it is as unknown as
  /// before.
  result<void> admit(node_id node, const shown_peer& process);

  /// The mark of an admitted process has grown. Any thread; waits for nothing.
  void renew(node_id node, std::uint64_t incarnation, std::uint64_t mark);

  /// An admitted node has admitted this one as well. `then` is called on the
  /// store's thread once that is durable, and not if it can't be. Any thread.
  void meet(node_id node, std::function<void()> then);

  /// Who had been met when this was opened. Any thread.
  const std::set<node_id>& met_before() const noexcept { return met_before_; }

private:
  peer_memory(log_store& store, executor& thread,
              std::chrono::milliseconds patience,
              std::map<node_id, known_peer> known);

  result<void> decide(node_id node, const shown_peer& process);
  result<void> remember(node_id node, const known_peer& what);

  log_store& store_;
  executor& thread_;
  const std::chrono::milliseconds patience_;
  std::set<node_id> met_before_;
  std::map<node_id, known_peer> known_; ///< on the store's thread
};

} // namespace iris::persistence
