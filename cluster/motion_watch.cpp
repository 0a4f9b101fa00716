#include "cluster/motion_watch.hpp"

#include <algorithm>

namespace iris::cluster {

namespace {

constexpr int doublings_max = 4;

} // namespace

void motion_watch::look(const cluster_map& map, std::chrono::nanoseconds now,
                        node_health& health) {
  std::erase_if(marks_,
                [&](const auto& x) { return !health.up.contains(x.first); });
  look(control_shard, map.control, now, health);
  for (std::uint16_t i = 0; i < map.shards.size(); ++i)
    look({i}, map.shards[i], now, health);
  for (const auto& [id, x] : marks_)
    if (now < x.until)
      health.slow.insert(id);
}

void motion_watch::look(shard_id id, const placement& of,
                        std::chrono::nanoseconds now, node_health& health) {
  auto& known = motions_[id];
  auto wanted = of.voters;
  std::sort(wanted.begin(), wanted.end());
  if (known.actual != of.actual) {
    for (auto x : of.actual)
      if (!contains(known.actual, x))
        marks_.erase(x);
    known = {of.actual, std::move(wanted), now, 0};
  } else if (known.wanted != wanted) {
    known.wanted = std::move(wanted);
    known.since = now;
  }
  if (reached(of))
    return;
  if (now - known.since >= patience(known.failures)) {
    ++known.failures;
    known.since = now;
    blame(known, now, health);
  }
  if (known.failures > 0)
    health.late.insert(id);
}

/// Without a majority nothing comes, wherever it is wanted.
void motion_watch::blame(const motion& what, std::chrono::nanoseconds now,
                         const node_health& health) {
  auto up = [&](node_id id) { return health.up.contains(id); };
  auto there = std::count_if(what.actual.begin(), what.actual.end(), up);
  if (static_cast<std::size_t>(there) <= what.actual.size() / 2)
    return;
  for (auto id : what.wanted)
    if (!contains(what.actual, id) && up(id))
      if (auto& x = marks_[id]; x.until <= now)
        x.until = now + patience(++x.times);
}

std::chrono::nanoseconds motion_watch::patience(int failures) const {
  return patience_ * (1 << std::min(failures, doublings_max));
}

} // namespace iris::cluster
