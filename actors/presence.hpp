#pragma once

#include "cluster/plan.hpp"

#include <chrono>
#include <map>
#include <mutex>
#include <optional>

namespace iris::actors {

/// Which nodes this one has a link to, and since when not. Any thread.
class presence {
public:
  explicit presence(node_id self) : self_(self) {}

  /// These are there, or to come. `now` is steady, here and below.
  void expect(const std::vector<cluster::member>& nodes,
              std::chrono::nanoseconds now) {
    std::lock_guard guard{mutex_};
    for (const auto& x : nodes)
      known_.try_emplace(x.id, now);
  }

  void on_link(node_id peer, bool up, std::chrono::nanoseconds now) {
    std::lock_guard guard{mutex_};
    seen_[peer] = {up, now};
  }

  /// Of these nodes. Dead is who has been away, or expected, for `dead_after`.
  cluster::node_health health(const std::vector<cluster::member>& of,
                              std::chrono::nanoseconds now,
                              std::chrono::milliseconds dead_after) const {
    std::lock_guard guard{mutex_};
    cluster::node_health out;
    for (const auto& x : of) {
      auto i = seen_.find(x.id);
      auto known = known_.find(x.id);
      auto [up, since] =
        i != seen_.end()
          ? i->second
          : link{false, known == known_.end() ? now : known->second};
      if (up || x.id == self_)
        out.up.insert(x.id);
      else if (now - since >= dead_after)
        out.dead.insert(x.id);
    }
    return out;
  }

  /// For how long this one has been away; none while it is there, and if it was
  /// never seen.
  std::optional<std::chrono::nanoseconds>
  away(node_id who, std::chrono::nanoseconds now) const {
    std::lock_guard guard{mutex_};
    auto i = seen_.find(who);
    if (i == seen_.end() || i->second.up)
      return std::nullopt;
    return now - i->second.since;
  }

private:
  struct link {
    bool up = false;
    std::chrono::nanoseconds since{0};
  };

  const node_id self_;
  mutable std::mutex mutex_;
  std::map<node_id, std::chrono::nanoseconds> known_; ///< since when
  std::map<node_id, link> seen_;
};

} // namespace iris::actors
