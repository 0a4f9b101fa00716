#include "cluster/shard.hpp"

#include <algorithm>

namespace iris::cluster {

void shard::compare() {
  checkpoint now{applied_.index, applied_.checksum};
  if (!check_.applied(now))
    return;
  if (core_->role() == raft::role::leader)
    judge(parts_.self, now);
  else if (auto leader = core_->leader())
    parts_.mail.send(parts_.id, *leader, image_has{now});
}

/// Who has no vote is compared once it has one: its word would outweigh that of
/// a lone voter.
void shard::judge(node_id who, const checkpoint& what) {
  auto servers = core_->servers();
  auto voter = std::find_if(servers.begin(), servers.end(), [&](const auto& x) {
    return x.id == who && x.role == raft::server_role::voter;
  });
  if (voter == servers.end() || what.index > core_->commit_index())
    return;
  auto found = check_.said(who, what, raft::voters(servers));
  auto itself = std::erase(found.wrong, parts_.self);
  for (auto x : found.wrong)
    parts_.mail.send(parts_.id, x, image_differs{found.right});
  // Last, for it ends this leadership.
  if (itself > 0)
    correct(found.right, std::nullopt);
}

void shard::correct(const checkpoint& right, std::optional<node_id> from) {
  if (!check_.contradicts(right))
    return;
  tell(tell_.on_differs, right.index);
  make_incomplete(from);
}

} // namespace iris::cluster
