#include "cluster/comparison.hpp"

#include <algorithm>

namespace iris::cluster {

void comparison_book::begin_at(std::uint64_t index) {
  index_ = index;
  hashes_.clear();
}

void comparison_book::said(node_id who, const checkpoint& what,
                           const std::string& damage,
                           const std::vector<node_id>& voters) {
  if (what.index != index_)
    return;
  hashes_[who] = what.checksum;
  if (!damage.empty())
    damage_[who] = damage;
  if (auto right = majority(hashes_, voters))
    for (const auto& [node, hash] : hashes_)
      if (hash != *right)
        different_.insert(node);
}

comparison comparison_book::look(const std::vector<node_id>& replicas,
                                 const std::vector<node_id>& voters) const {
  comparison out{index_, index_ > 0, {}};
  auto right = majority(hashes_, voters);
  for (auto x : replicas) {
    replica_finding one{x};
    if (auto found = damage_.find(x); found != damage_.end())
      one.damage = found->second;
    if (different_.contains(x))
      one.is = standing::different;
    else if (hashes_.contains(x))
      one.is = right ? standing::same : standing::undecided;
    else
      out.over = false;
    out.replicas.push_back(std::move(one));
  }
  return out;
}

} // namespace iris::cluster
