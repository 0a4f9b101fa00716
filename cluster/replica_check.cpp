#include "cluster/replica_check.hpp"

#include <algorithm>

namespace iris::cluster {

namespace {

template <class T>
void keep_latest(std::map<std::uint64_t, T>& what) {
  while (what.size() > replica_check::kept_max)
    what.erase(what.begin());
}

} // namespace

bool replica_check::applied(const checkpoint& what) {
  if (what.index % every_ != 0)
    return false;
  own_[what.index] = what.checksum;
  keep_latest(own_);
  return true;
}

replica_check::verdict replica_check::said(node_id from, const checkpoint& what,
                                           std::size_t voters) {
  auto& all = said_[what.index];
  all[from] = what.checksum;
  verdict out{{}, what};
  auto agree = [&](std::uint64_t with) {
    return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [&](const auto& x) { return x.second == with; }));
  };
  auto right = std::find_if(all.begin(), all.end(), [&](const auto& x) {
    return agree(x.second) > voters / 2;
  });
  if (right != all.end()) {
    out.right.checksum = right->second;
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
