#pragma once

#include "base/ids.hpp"
#include "persistence/state_store.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace iris::sim {

/// What replicas did while they ran: the judge of I6. It knows terms, indices
/// and checksums, and nothing of who computes them.
class ledger {
public:
  /// A replica on `node` has applied everything up to this.
  void applied(node_id node, shard_id shard,
               const persistence::applied_point& upto);
  /// The replica on `node` leads its shard. Whether that is news.
  bool leads(node_id node, shard_id shard, std::uint64_t term);

  /// A sentence for each contradiction.
  const std::vector<std::string>& problems() const { return problems_; }
  /// Terms that had a leader, of all shards; and who that was, the last time.
  std::size_t elections() const noexcept { return leaders_.size(); }
  node_id newest_leader() const noexcept { return newest_leader_; }
  /// Points that two replicas have both been at.
  std::size_t compared() const noexcept { return compared_; }

private:
  struct seen {
    node_id by;
    persistence::applied_point point;
    bool shared = false;
  };

  std::map<std::pair<shard_id, std::uint64_t>, seen> points_;
  std::map<std::pair<shard_id, std::uint64_t>, node_id> leaders_;
  node_id newest_leader_;
  std::vector<std::string> problems_;
  std::size_t compared_ = 0;
};

/// Where the replicas of a shard are.
using replicas = std::map<node_id, const persistence::state_store*>;

/// Compares the replicas of a shard at rest: they have applied the same (I6),
/// and have the same keys with the same values (I1). A sentence for each
/// replica that differs from the first.
std::vector<std::string> compare_replicas(shard_id shard, const replicas& all);

} // namespace iris::sim
