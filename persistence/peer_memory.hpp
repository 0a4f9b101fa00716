#pragma once

#include "base/executor.hpp"
#include "persistence/log_store.hpp"

#include <map>
#include <memory>

namespace iris::persistence {

/// With which processes of other nodes this one may speak. What a node has said
/// and promised stands in its store: one that comes back without it would vote
/// twice or deny what it has acknowledged, and looks like itself to everybody
/// who doesn't remember more of it than its number.
///
/// 1. Who was admitted once is known for good: durably, before it is answered.
/// 2. A node keeps its store, and its incarnations never go back.
class peer_memory {
public:
  /// `thread` is the one that writes `store`; both outlive this.
  /// Fails with corrupt or io_failed.
  static result<std::unique_ptr<peer_memory>>
  open(log_store& store, executor& thread,
       std::chrono::milliseconds patience = std::chrono::seconds{5});

  /// Any thread but the store's; waits for the disk, at most for `patience`.
  /// Again is fine. Fails with store_foreign, saying why this process is not
  /// the node that it was; or as the disk does, and then it is as unknown as
  /// before; or with deadline_exceeded, and then it may be known.
  result<void> admit(node_id node, const known_peer& process);

private:
  peer_memory(log_store& store, executor& thread,
              std::map<node_id, known_peer> known,
              std::chrono::milliseconds patience);

  result<void> decide(node_id node, const known_peer& process);

  log_store& store_;
  executor& thread_;
  const std::chrono::milliseconds patience_;
  std::map<node_id, known_peer> known_; ///< on the store's thread
};

} // namespace iris::persistence
