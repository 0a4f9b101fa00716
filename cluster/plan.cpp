#include "cluster/plan.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace iris::cluster {

namespace {

using ids = std::vector<node_id>;

/// Puts one of `in` at its front, the others keep their order.
void to_front(ids& in, node_id id) {
  auto i = std::find(in.begin(), in.end(), id);
  std::rotate(in.begin(), i, i + 1);
}

bool has_shards(const cluster_map& in, node_id id) {
  return std::any_of(in.shards.begin(), in.shards.end(),
                     [&](const auto& x) { return may_vote(x, id); });
}

/// A shard's leadership that could go from one node to another.
struct handover {
  std::size_t shard = 0;
  node_id to;
};

class planner {
public:
  planner(const cluster_map& now, const node_health& health)
    : next_(now), health_(health) {
    for (const auto& x : next_.nodes)
      if (x.state == node_state::active && up(x.id)) {
        open_.push_back(x.id);
        if (!slow(x.id))
          takers_.push_back(x.id);
      }
    for (const auto& x : next_.shards) {
      ++leads_[x.voters.front()];
      for (auto id : x.voters)
        ++replicas_[id];
    }
  }

  std::optional<cluster_map> step() {
    if (!moved())
      return std::nullopt;
    ++next_.version;
    return std::move(next_);
  }

private:
  bool moved() {
    if (redirect_control() || any_shard(&planner::redirect))
      return true;
    if (moving(next_, health_))
      return false;
    return mend_control() || any_shard(&planner::lead_elsewhere)
           || any_shard(&planner::repair) || any_shard(&planner::spread)
           || even_replicas() || even_leads() || spare_drained(next_.control)
           || any_shard(&planner::spare_drained);
  }

  // -- what is there ----------------------------------------------------------

  bool up(node_id id) const { return health_.up.contains(id); }
  bool dead(node_id id) const { return health_.dead.contains(id); }
  bool slow(node_id id) const { return health_.slow.contains(id); }
  node_state state(node_id id) const { return find(next_, id)->state; }
  const std::string& zone(node_id id) const { return find(next_, id)->zone; }
  bool open(node_id id) const { return contains(open_, id); }

  /// Has to be replaced, if there is room.
  bool lost(node_id id) const {
    return state(id) == node_state::removed || dead(id);
  }

  bool late(const placement& of) const {
    auto at = static_cast<std::uint16_t>(&of - next_.shards.data());
    return health_.late.contains(&of == &next_.control ? control_shard
                                                       : shard_id{at});
  }

  /// It is where it was wanted, and can follow another wish.
  bool may_move(const placement& of) const {
    auto there = std::count_if(of.actual.begin(), of.actual.end(),
                               [this](node_id id) { return up(id); });
    return reached(of)
           && static_cast<std::size_t>(there) > of.actual.size() / 2;
  }

  /// Who was added and has not come yet is no home for what leaves another.
  std::size_t wanted(std::size_t most) const {
    auto stay = std::count_if(next_.nodes.begin(), next_.nodes.end(),
                              [this](const member& x) {
                                return x.state != node_state::removed
                                       && (up(x.id) || has_shards(next_, x.id)
                                           || may_vote(next_.control, x.id));
                              });
    return std::min(most, static_cast<std::size_t>(stay));
  }

  std::size_t zones(const ids& of) const {
    std::set<std::string> out;
    for (auto id : of)
      out.insert(zone(id));
    return out.size();
  }

  /// The one of `among` that is not in `voters` and should join them, if they
  /// go on without `leaving`.
  std::optional<node_id> newcomer(const ids& among, ids voters,
                                  node_id leaving = {}) {
    std::optional<node_id> best;
    auto rest = voters;
    std::erase(rest, leaving);
    auto cost = [&](node_id id) {
      auto with = rest;
      with.push_back(id);
      return std::tuple{-static_cast<int>(zones(with)), replicas_[id], id};
    };
    for (auto id : among)
      if (!contains(voters, id) && (!best || cost(id) < cost(*best)))
        best = id;
    return best;
  }

  // -- motion -----------------------------------------------------------------

  /// Wanted, and may never come.
  bool missing(const placement& of, node_id id) const {
    return !contains(of.actual, id) && (lost(id) || (slow(id) && late(of)));
  }

  bool redirect_control() {
    auto& of = next_.control;
    auto before = of;
    for (auto id : before.voters)
      if (missing(of, id)) {
        std::erase(of.voters, id);
        // Who goes has to hear that its shards do.
        if (state(id) != node_state::removed || has_shards(next_, id))
          of.learners.push_back(id);
      }
    if (of == before)
      return false;
    for (auto id : of.actual)
      if (!contains(of.voters, id)) {
        std::erase(of.learners, id);
        of.voters.push_back(id);
      }
    return true;
  }

  /// Another comes for a voter that is missing; else all stays as it is, or who
  /// is slow is waited for.
  bool redirect(placement& of) {
    auto& voters = of.voters;
    auto never = std::find_if(voters.begin(), voters.end(),
                              [&](node_id id) { return missing(of, id); });
    if (never == voters.end())
      return false;
    if (auto other = newcomer(takers_, voters, *never)) {
      *never = *other;
      return true;
    }
    if (!lost(*never))
      return false;
    std::erase_if(voters, [&](node_id id) { return !contains(of.actual, id); });
    for (auto id : of.actual)
      if (!contains(voters, id))
        voters.push_back(id);
    return true;
  }

  // -- shards -----------------------------------------------------------------

  bool any_shard(bool (planner::*what)(placement&)) {
    return std::any_of(next_.shards.begin(), next_.shards.end(),
                       [&](placement& x) { return (this->*what)(x); });
  }

  bool may_lead(const placement& of, node_id id) const {
    return open(id) && contains(of.actual, id);
  }

  /// Who leads is not one that others should relieve, or they do. Who is to
  /// lead, and does not come, doesn't keep them from it.
  bool lead_elsewhere(placement& of) {
    auto& voters = of.voters;
    auto first = voters.front();
    if (state(first) == node_state::active && !dead(first)
        && (contains(of.actual, first) || !late(of)))
      return false;
    std::optional<node_id> best;
    for (auto id : voters)
      if (may_lead(of, id) && (!best || leads_[id] < leads_[*best]))
        best = id;
    if (best)
      to_front(voters, *best);
    return best.has_value();
  }

  /// Should who leads fail, those that drain do so after all others.
  bool spare_drained(placement& of) {
    auto before = of.voters;
    std::stable_partition(
      of.voters.begin() + 1, of.voters.end(),
      [this](node_id id) { return state(id) != node_state::draining; });
    return of.voters != before;
  }

  bool repair(placement& of) {
    if (!may_move(of))
      return false;
    auto& voters = of.voters;
    auto most = wanted(next_.replicas);
    for (auto& id : voters) {
      if (!lost(id))
        continue;
      if (auto other = newcomer(takers_, voters, id)) {
        id = *other;
        return true;
      }
    }
    if (voters.size() < most) {
      auto other = newcomer(takers_, voters);
      if (other)
        voters.push_back(*other);
      return other.has_value();
    }
    if (voters.size() == most)
      return false;
    voters.erase(voters.begin() + static_cast<std::ptrdiff_t>(spare(voters)));
    return true;
  }

  /// Which of too many voters goes: one that is lost, or is missed least; the
  /// first rather stays.
  std::size_t spare(const ids& voters) {
    auto cost = [&](std::size_t i) {
      auto rest = voters;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
      return std::tuple{state(voters[i]) != node_state::removed,
                        !dead(voters[i]), -static_cast<int>(zones(rest)),
                        i == 0, -static_cast<int>(replicas_[voters[i]])};
    };
    std::size_t best = 0;
    for (std::size_t i = 1; i < voters.size(); ++i)
      if (cost(i) < cost(best))
        best = i;
    return best;
  }

  /// From the last voter on, for the first leads.
  bool spread(placement& of) {
    if (!may_move(of))
      return false;
    auto before = zones(of.voters);
    for (auto i = of.voters.rbegin(); i != of.voters.rend(); ++i) {
      auto other = newcomer(takers_, of.voters, *i);
      auto after = of.voters;
      if (!other)
        return false;
      after[static_cast<std::size_t>(of.voters.rend() - i) - 1] = *other;
      if (zones(after) > before) {
        *i = *other;
        return true;
      }
    }
    return false;
  }

  // -- shares -----------------------------------------------------------------

  /// Nodes in pairs whose shares differ most first: the fuller, the emptier.
  std::vector<std::pair<node_id, node_id>>
  uneven(std::map<node_id, std::size_t>& shares) const {
    std::vector<std::pair<node_id, node_id>> out;
    for (auto a : open_)
      for (auto b : takers_)
        if (shares[a] > shares[b] + 1)
          out.emplace_back(a, b);
    std::stable_sort(out.begin(), out.end(), [&](auto& x, auto& y) {
      return shares[x.first] - shares[x.second]
             > shares[y.first] - shares[y.second];
    });
    return out;
  }

  bool even_replicas() {
    for (auto [from, to] : uneven(replicas_))
      for (auto leads : {false, true})
        for (auto& x : next_.shards)
          if ((x.voters.front() == from) == leads && replace(x, from, to))
            return true;
    return false;
  }

  bool replace(placement& of, node_id from, node_id to) const {
    if (!may_move(of) || !contains(of.voters, from) || contains(of.voters, to))
      return false;
    auto after = of.voters;
    std::replace(after.begin(), after.end(), from, to);
    if (zones(after) < zones(of.voters))
      return false;
    of.voters = std::move(after);
    return true;
  }

  /// Along the shortest way from one that leads most to one that leads two
  /// less, its last step first: who is between keeps its share in the end.
  bool even_leads() {
    std::size_t most = 0;
    for (auto id : open_)
      most = std::max(most, leads_[id]);
    ids found;
    for (auto id : open_)
      if (leads_[id] == most)
        found.push_back(id);
    for (std::size_t i = 0; i < found.size(); ++i)
      for (const auto& x : handovers(found[i])) {
        if (leads_[x.to] + 1 < most) {
          to_front(next_.shards[x.shard].voters, x.to);
          return true;
        }
        if (!contains(found, x.to))
          found.push_back(x.to);
      }
    return false;
  }

  std::vector<handover> handovers(node_id from) const {
    std::vector<handover> out;
    for (std::size_t i = 0; i < next_.shards.size(); ++i) {
      const auto& of = next_.shards[i];
      for (auto to : of.voters)
        if (of.voters.front() == from && to != from && may_lead(of, to))
          out.push_back({i, to});
    }
    return out;
  }

  // -- the control group ------------------------------------------------------

  bool mend_control() {
    auto& of = next_.control;
    auto gone = std::erase_if(of.learners, [&](node_id id) {
      return state(id) == node_state::removed && !has_shards(next_, id);
    });
    return gone > 0 || lead_elsewhere(of)
           || (may_move(of) && (promote(of) || demote(of)));
  }

  /// Learners that may vote.
  ids candidates(const placement& of) const {
    ids out;
    for (auto id : of.learners)
      if (contains(takers_, id))
        out.push_back(id);
    return out;
  }

  bool promote(placement& of) {
    if (of.voters.size() >= wanted(control_voters_max))
      return false;
    auto chosen = newcomer(candidates(of), of.voters);
    if (chosen) {
      std::erase(of.learners, *chosen);
      of.voters.push_back(*chosen);
    }
    return chosen.has_value();
  }

  /// Who is dead may come back and learn; who goes needs the map to see that
  /// its shards go.
  bool demote(placement& of) {
    for (auto id : ids{of.voters}) {
      auto goes = state(id) == node_state::removed && !has_shards(next_, id);
      if (!goes && (state(id) == node_state::removed || !dead(id)))
        continue;
      auto chosen = newcomer(candidates(of), of.voters, id);
      if (!chosen && !(goes && of.voters.size() > 1))
        continue;
      std::erase(of.voters, id);
      if (chosen) {
        std::erase(of.learners, *chosen);
        of.voters.push_back(*chosen);
      }
      if (!goes)
        of.learners.push_back(id);
      return true;
    }
    return false;
  }

  cluster_map next_;
  const node_health& health_;
  ids open_;   ///< up and active: may lead
  ids takers_; ///< those of them that get replicas
  std::map<node_id, std::size_t> leads_;
  std::map<node_id, std::size_t> replicas_;
};

} // namespace

std::optional<cluster_map> plan(const cluster_map& now,
                                const node_health& health) {
  auto next = planner{now, health}.step();
  if (next)
    revise(*next, now);
  return next;
}

bool moving(const cluster_map& in, const node_health& health) {
  auto goes = [&](const placement& x, shard_id id) {
    return !reached(x) && !health.late.contains(id);
  };
  auto out = goes(in.control, control_shard);
  for (std::uint16_t i = 0; !out && i < in.shards.size(); ++i)
    out = goes(in.shards[i], {i});
  return out;
}

bool empty(const cluster_map& in, node_id id) {
  // A map that doesn't know the node, such as the first one, can't say so.
  return find(in, id) != nullptr && !has_shards(in, id)
         && !may_vote(in.control, id) && !wants(in.control, id);
}

} // namespace iris::cluster
