#pragma once

#include "base/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace iris::cluster {

/// What all that was applied up to `index` hashes to.
struct checkpoint {
  std::uint64_t index = 0;
  std::uint64_t checksum = 0;

  bool operator==(const checkpoint&) const = default;
};

/// The checksum that more than half of the voters have, if there is one. What
/// others said does not count.
std::optional<std::uint64_t>
majority(const std::map<node_id, std::uint64_t>& said,
         const std::vector<node_id>& voters);

/// Compares the replicas of a shard. Each tells the leader its checksum at the
/// same indices; a hash goes over all that was applied before, so that a
/// comparison that is missed is made up for by the next. Whoever says another
/// than a majority is wrong, the leader too. Pure.
class replica_check {
public:
  /// How many of the last checkpoints are kept: who is further behind is
  /// compared later.
  static constexpr std::size_t kept_max = 16;

  /// `every`: entries from one checkpoint to the next. Not 0.
  explicit replica_check(std::uint64_t every) : every_(every) {}

  /// This replica has applied this. Whether it is a checkpoint.
  bool applied(const checkpoint& what);

  struct verdict {
    std::vector<node_id> wrong;
    checkpoint right; ///< what a majority has, if anybody is wrong
  };

  /// To a leader of a group with these voters: what `from`, which may be this
  /// replica or one without a vote, has. Voters alone make a majority. Tells of
  /// each who is wrong once.
  verdict said(node_id from, const checkpoint& what,
               const std::vector<node_id>& voters);

  /// A majority has this: whether this replica is known to have something else.
  bool contradicts(const checkpoint& what) const;

private:
  std::uint64_t every_;
  std::map<std::uint64_t, std::uint64_t> own_; ///< by index
  /// By index: what replicas said.
  std::map<std::uint64_t, std::map<node_id, std::uint64_t>> said_;
};

} // namespace iris::cluster
