#include "cluster/replica_check.hpp"

namespace iris::cluster {

namespace {

template <class T>
void keep_latest(std::map<std::uint64_t, T>& what) {
  while (what.size() > replica_check::kept_max)
    what.erase(what.begin());
}

} // namespace

std::optional<std::uint64_t>
majority(const std::map<node_id, std::uint64_t>& said,
         const std::vector<node_id>& voters) {
  std::map<std::uint64_t, std::size_t> votes;
  for (auto x : voters)
    if (auto i = said.find(x); i != said.end())
      if (++votes[i->second] > voters.size() / 2)
        return i->second;
  return std::nullopt;
}

bool replica_check::applied(const checkpoint& what) {
  if (what.index % every_ != 0)
    return false;
  own_[what.index] = what.checksum;
  keep_latest(own_);
  return true;
}

replica_check::verdict replica_check::said(node_id from, const checkpoint& what,
                                           const std::vector<node_id>& voters) {
  auto& all = said_[what.index];
  all[from] = what.checksum;
  verdict out{{}, what};
  if (auto right = majority(all, voters)) {
    out.right.checksum = *right;
    for (const auto& [who, has] : all)
      if (has != out.right.checksum)
        out.wrong.push_back(who);
    for (auto who : out.wrong)
      all.erase(who);
  }
  keep_latest(said_);
  return out;
}

bool replica_check::contradicts(const checkpoint& what) const {
  auto i = own_.find(what.index);
  return i != own_.end() && i->second != what.checksum;
}

} // namespace iris::cluster
