#pragma once

#include "actors/node_frames.hpp"

#include <map>
#include <optional>
#include <vector>

namespace iris::actors {

/// Who leads each shard, as far as this node knows: its own replica says, or
/// where that doesn't know or isn't there, the other nodes do. Pure.
class leader_table {
public:
  /// Of so many shards and the control group.
  leader_table(node_id self, std::uint16_t shards);

  /// Commands of a shard go elsewhere now. Node 0: to nobody.
  struct change {
    shard_id shard;
    node_id from;
    node_id to;
  };
  using changes = std::vector<change>;

  /// There is a replica of it here, new or started again; or no more.
  changes replica(shard_id which, bool here);
  /// The replica here says so.
  changes told(shard_id which, std::optional<node_id> leader,
               std::uint64_t term);
  /// All that `by` leads.
  changes announced(node_id by, const leading_frame& what);
  /// There is no link to it.
  changes lost(node_id peer);

  std::optional<node_id> leader(shard_id of) const;
  /// Where commands go: to this node also while its replica knows nobody.
  node_id at(shard_id of) const;
  /// What this node leads.
  leading_frame own() const;

private:
  struct line {
    bool here = false;
    std::optional<node_id> told;
    std::uint64_t term = 0; ///< of whom it was told
    node_id announced{};
    std::uint64_t announced_term = 0;
  };

  line& of(shard_id x) { return shards_.at(x); }
  changes since(node_id before, shard_id of) const;

  const node_id self_;
  std::map<shard_id, line> shards_;
};

} // namespace iris::actors
