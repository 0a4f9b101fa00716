#include "actors/leader_table.hpp"

#include <algorithm>

namespace iris::actors {

leader_table::leader_table(node_id self, std::uint16_t shards) : self_(self) {
  for (std::uint16_t i = 0; i < shards; ++i)
    shards_[{i}];
  shards_[cluster::control_shard];
}

leader_table::changes leader_table::since(node_id before, shard_id of) const {
  auto now = at(of);
  return now == before ? changes{} : changes{{of, before, now}};
}

std::optional<node_id> leader_table::leader(shard_id of) const {
  const auto& x = shards_.at(of);
  if (x.told)
    return x.told;
  if (x.announced == node_id{} || (x.here && x.announced_term < x.term))
    return std::nullopt;
  return x.announced;
}

node_id leader_table::at(shard_id of) const {
  auto here = shards_.at(of).here;
  return leader(of).value_or(here ? self_ : node_id{});
}

leader_table::changes leader_table::replica(shard_id which, bool here) {
  auto before = at(which);
  auto& x = of(which);
  x.here = here;
  x.told.reset();
  x.term = 0;
  return since(before, which);
}

leader_table::changes leader_table::told(shard_id which,
                                         std::optional<node_id> leader,
                                         std::uint64_t term) {
  auto before = at(which);
  auto& x = of(which);
  if (!x.here)
    return {};
  x.told = leader;
  x.term = std::max(x.term, term);
  return since(before, which);
}

leader_table::changes leader_table::announced(node_id by,
                                              const leading_frame& what) {
  changes out;
  auto note = [&](shard_id which, auto mend) {
    auto before = at(which);
    mend(of(which));
    for (const auto& x : since(before, which))
      out.push_back(x);
  };
  for (const auto& x : what.list)
    if (shards_.contains(x.shard))
      note(x.shard, [&](line& y) {
        if (x.term < y.announced_term)
          return;
        y.announced = by;
        y.announced_term = x.term;
      });
  for (const auto& [id, its] : shards_) {
    auto led =
      std::any_of(what.list.begin(), what.list.end(),
                  [&, which = id](const auto& x) { return x.shard == which; });
    if (!led && its.announced == by)
      note(id, [](line& y) { y.announced = {}; });
  }
  return out;
}

leader_table::changes leader_table::lost(node_id peer) {
  return announced(peer, {});
}

leading_frame leader_table::own() const {
  leading_frame out;
  for (const auto& [which, its] : shards_)
    if (its.told == self_)
      out.list.push_back({which, its.term});
  return out;
}

} // namespace iris::actors
