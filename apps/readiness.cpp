#include "apps/readiness.hpp"

#include <functional>

namespace iris::apps {

namespace {

/// Whether the node votes for this shard, as far as the others know.
bool counts_on(const cluster::cluster_map& map, std::string_view label,
               node_id node) {
  auto votes = [&](shard_id which) {
    return label == cluster::label_of(which)
           && cluster::contains(cluster::placement_of(map, which).actual, node);
  };
  for (std::uint16_t i = 0; i < map.shards.size(); ++i)
    if (votes({i}))
      return true;
  return votes(cluster::control_shard);
}

/// The labels of those that are 1.
std::string raised(const observability::family<observability::gauge>& among,
                   const std::function<bool(std::string_view)>& counts) {
  std::string out;
  among.each([&](std::string_view label, const observability::gauge& x) {
    if (x.value() == 1 && counts(label))
      out.append(out.empty() ? "" : ", ").append(label);
  });
  return out;
}

} // namespace

result<void> replicas_vote(const observability::metrics& from,
                           const cluster::cluster_map& map, node_id self) {
  auto any = [](std::string_view) { return true; };
  if (auto stopped = raised(from.shard_stopped, any); !stopped.empty())
    return error{errc::unavailable,
                 "expected none of this node's replicas to have stopped, found "
                 "those of shards "
                   + stopped
                   + ": the log says why; where others have the shard, `iris "
                     "repair SHARD` copies it from them"};
  auto counted = [&](std::string_view x) { return counts_on(map, x, self); };
  if (auto copying = raised(from.shard_copying, counted); !copying.empty())
    return error{errc::unavailable,
                 "expected each of this node's replicas to vote, found those "
                 "of shards "
                   + copying
                   + " copying another's state: keep the other nodes running "
                     "until that is done"};
  // Who joined knows from the first map that it reads what others count on.
  auto may_count = [&](std::string_view x) {
    return map.version == 0 || counted(x);
  };
  if (auto behind = raised(from.shard_behind, may_count); !behind.empty())
    return error{
      errc::unavailable,
      "expected each of this node's replicas to know its leader, and "
      "to have what was committed without it, found those of shards "
        + behind + " that do not: keep the other nodes running until they do"};
  return {};
}

} // namespace iris::apps
