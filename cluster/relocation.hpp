#pragma once

#include "cluster/cluster_map.hpp"
#include "cluster/raft/configuration.hpp"

#include <optional>
#include <set>
#include <variant>

namespace iris::cluster {

/// What a leader knows of its group while nothing is under way in it.
struct group_view {
  node_id self;
  raft::configuration servers;
  /// Who said anything within an election timeout. It itself counts anyway.
  std::set<node_id> heard = {};
  /// Who has all that is committed, and could lead at once.
  std::set<node_id> abreast = {};
  /// Who may be made a voter.
  std::set<node_id> caught_up = {};
  /// Whom it tried to bring up last: the others' turn comes first.
  std::optional<node_id> tried = {};
  /// It has led, and handed nothing over, for long enough to give leadership
  /// to whom it is wanted at: two leaders that were told different things must
  /// not send it to and fro.
  bool rested = false;
  /// It is about to end.
  bool leaving = false;
};

/// A configuration that differs in one server.
struct change_to {
  raft::configuration next;
};
struct bring_up {
  node_id who;
};
struct hand_over_to {
  node_id who;
};

/// Nothing: all is as it is wanted, or somebody has to be heard first.
using relocation_step =
  std::variant<std::monostate, change_to, bring_up, hand_over_to>;

/// The next step towards where a group is wanted. Pure: it follows from what
/// is there, so that any leader goes on where the one before it stopped.
///
/// 1. A wanted server begins as a standby, is brought up, then becomes a voter.
/// 2. A voter goes only when there are more of them than are wanted, and those
///    that stay, were heard and have what is committed are a majority; whoever
///    is silent goes first. One that may have to copy the state does not count:
///    it has no vote meanwhile.
/// 3. It goes whole, even if it is wanted without a vote and comes back as a
///    standby: nobody sends it the change that takes its vote. If it alone
///    besides a leader that is lost had the change, it would neither stand for
///    election nor vote for the others, which are a majority (Raft thesis,
///    section 4.2.2).
/// 4. A leader never takes its own vote: it hands over first.
relocation_step next_step(const group_view& view, const placement& wanted);

} // namespace iris::cluster
