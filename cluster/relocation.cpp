#include "cluster/relocation.hpp"

#include <algorithm>

namespace iris::cluster {

namespace {

using raft::configuration;
using raft::server_role;

configuration without(configuration from, node_id who) {
  std::erase_if(from, [who](const auto& x) { return x.id == who; });
  return from;
}

/// As a standby if it is new; else as a voter.
configuration with(configuration to, node_id who) {
  auto at = std::find_if(to.begin(), to.end(),
                         [who](const auto& x) { return x.id >= who; });
  if (at != to.end() && at->id == who)
    at->role = server_role::voter;
  else
    to.insert(at, {who, server_role::standby});
  return to;
}

class relocator {
public:
  relocator(const group_view& view, const placement& wanted)
    : view_(view), wanted_(wanted) {}

  relocation_step next() const {
    if (view_.leaving)
      return give_to(successor(false));
    if (wanted_.voters.empty())
      return {};
    for (auto step : {&relocator::remove_voter, &relocator::promote,
                      &relocator::remove_other, &relocator::add,
                      &relocator::bring_up_next, &relocator::prefer})
      if (auto out = (this->*step)(); out.index() != 0)
        return out;
    return {};
  }

private:
  bool heard(node_id who) const {
    return who == view_.self || view_.heard.contains(who);
  }

  /// With what it has, it makes a leader's entries committed at once.
  bool ready(node_id who) const {
    return heard(who) && view_.abreast.contains(who);
  }

  bool votes(node_id who) const { return raft::votes(view_.servers, who); }

  bool has_majority(const configuration& next) const {
    auto there = std::count_if(next.begin(), next.end(), [this](const auto& x) {
      return x.role == server_role::voter
             && (x.id == view_.self || ready(x.id));
    });
    return static_cast<std::size_t>(there) > raft::voters(next) / 2;
  }

  relocation_step remove_voter() const {
    if (raft::voters(view_.servers) <= wanted_.voters.size())
      return {};
    std::vector<node_id> gone;
    for (const auto& x : view_.servers)
      if (x.role == server_role::voter && !contains(wanted_.voters, x.id))
        gone.push_back(x.id);
    std::stable_partition(gone.begin(), gone.end(),
                          [this](node_id x) { return !heard(x); });
    for (auto x : gone)
      if (x != view_.self)
        if (auto next = without(view_.servers, x); has_majority(next))
          return change_to{std::move(next)};
    if (contains(gone, view_.self))
      return give_to(successor(true));
    return {};
  }

  relocation_step promote() const {
    for (auto x : wanted_.voters)
      if (raft::find(view_.servers, x) != nullptr && !votes(x) && heard(x)
          && view_.caught_up.contains(x))
        return change_to{with(view_.servers, x)};
    return {};
  }

  relocation_step remove_other() const {
    for (const auto& x : view_.servers)
      if (x.role != server_role::voter && !contains(wanted_.voters, x.id)
          && !contains(wanted_.learners, x.id))
        return change_to{without(view_.servers, x.id)};
    return {};
  }

  relocation_step add() const {
    for (const auto* some : {&wanted_.voters, &wanted_.learners})
      for (auto x : *some)
        if (raft::find(view_.servers, x) == nullptr)
          return change_to{with(view_.servers, x)};
    return {};
  }

  relocation_step bring_up_next() const {
    std::vector<node_id> due;
    for (auto x : wanted_.voters)
      if (!votes(x) && heard(x))
        due.push_back(x);
    if (due.empty())
      return {};
    auto last =
      view_.tried ? std::find(due.begin(), due.end(), *view_.tried) : due.end();
    return bring_up{last == due.end() || ++last == due.end() ? due.front()
                                                             : *last};
  }

  relocation_step prefer() const {
    if (!view_.rested)
      return {};
    auto first = std::find_if(
      wanted_.voters.begin(), wanted_.voters.end(),
      [this](node_id x) { return x == view_.self || may_lead(x); });
    return give_to(first == wanted_.voters.end() ? node_id{} : *first);
  }

  bool may_lead(node_id who) const {
    return who != view_.self && votes(who) && ready(who);
  }

  /// Who leads next: one that stays, or if need be anybody. Zero: nobody can.
  node_id successor(bool stays) const {
    for (auto x : wanted_.voters)
      if (may_lead(x))
        return x;
    if (!stays)
      for (const auto& x : view_.servers)
        if (may_lead(x.id))
          return x.id;
    return {};
  }

  relocation_step give_to(node_id who) const {
    if (who == node_id{} || who == view_.self)
      return {};
    return hand_over_to{who};
  }

  const group_view& view_;
  const placement& wanted_;
};

} // namespace

relocation_step next_step(const group_view& view, const placement& wanted) {
  return relocator{view, wanted}.next();
}

} // namespace iris::cluster
