#!/usr/bin/env python3
"""Copies of cluster's sources with faults in how a group moves.

As faults.py, whose commands it has.
"""

import sys

sys.dont_write_bytecode = True

import faults  # noqa: E402

SHARD = "cluster/shard.cpp"
COPY = "cluster/shard_copy.cpp"
MEMBERSHIP = "cluster/shard_membership.cpp"
STEPS = "cluster/relocation.cpp"
CHANGE = "cluster/raft/change.cpp"
MAP = "cluster/cluster_map.cpp"

FAULTS = [
    # A server votes before it has the log.
    ("voter_before_it_caught_up", STEPS,
     "&& view_.caught_up.contains(x))",
     '&& (fault("voter_before_it_caught_up")\n'
     "              || view_.caught_up.contains(x)))"),
    ("voter_before_it_caught_up", CHANGE,
     "!votes(now, x.id) && !caught_up(x.id))",
     '!votes(now, x.id) && !caught_up(x.id)\n'
     '        && !fault("voter_before_it_caught_up"))'),
    # What is in force but not committed is told.
    ("uncommitted_servers_told", MEMBERSHIP,
     "take(*std::move(begun));",
     """take(*std::move(begun));
  if (auto* told = std::get_if<change_to>(&what);
      core_ && told != nullptr && fault("uncommitted_servers_told"))
    tell(tell_.on_servers, group_servers{core_->last_index(), told->next,
                                         wanted_.revision});"""),
    # The leader takes its own vote.
    ("leader_takes_its_own_vote", STEPS,
     "if (x != view_.self)\n",
     'if (x != view_.self || fault("leader_takes_its_own_vote"))\n'),
    ("leader_takes_its_own_vote", CHANGE,
     "if (!votes(next, self_))",
     'if (!votes(next, self_) && !fault("leader_takes_its_own_vote"))'),
    # A voter goes though the others are no majority.
    ("majority_not_counted", STEPS,
     "return static_cast<std::size_t>(there) > raft::voters(next) / 2;",
     'return fault("majority_not_counted")\n'
     "           || static_cast<std::size_t>(there) > raft::voters(next) / 2;"),
    # A voter goes before another has its vote.
    ("voter_goes_first", STEPS,
     "if (raft::voters(view_.servers) <= wanted_.voters.size())",
     'if (!fault("voter_goes_first")\n'
     "        && raft::voters(view_.servers) <= wanted_.voters.size())"),
    # A copy needs a leader, who may need the copier's vote.
    ("copy_waits_for_a_leader", COPY,
     "if (leads || now",
     'if (leads || (!fault("copy_waits_for_a_leader") && now'),
    ("copy_waits_for_a_leader", COPY,
     "2 * parts_.timing.election_timeout)\n    copy_",
     "2 * parts_.timing.election_timeout))\n    copy_"),
    # Who lost its log takes any state, and votes with it.
    ("lost_log_trusted", COPY,
     "persistence::lost(copied_log_) ? copied_log_.floor.term + 1 : 0,",
     "persistence::lost(copied_log_) && !fault(\"lost_log_trusted\")\n"
     "      ? copied_log_.floor.term + 1\n"
     "      : 0,"),
    ("lost_log_trusted", COPY,
     "if (persistence::lost(copied_log_)\n",
     'if (persistence::lost(copied_log_) && !fault("lost_log_trusted")\n'),
    # Leadership goes back as soon as it has come.
    ("no_rest", MEMBERSHIP,
     "out.rested = now >= rested_at_;",
     'out.rested = now >= rested_at_ || fault("no_rest");'),
    # A leader goes back to where the group was wanted before.
    ("older_placement_followed", MEMBERSHIP,
     "if (wanted_.revision < revision())",
     'if (wanted_.revision < revision()\n'
     '      && !fault("older_placement_followed"))'),
    # What was dropped stays needed, unless something else is to change.
    ("placement_not_restated", MEMBERSHIP,
     "&& !std::holds_alternative<change_to>(next))",
     "&& !std::holds_alternative<change_to>(next)\n"
     '      && !fault("placement_not_restated"))'),
    # Who was to get a shard, and is not any more, is not needed.
    ("dropped_forgotten", MAP, "next.dropped.push_back(x);",
     """if (!fault("dropped_forgotten"))
        next.dropped.push_back(x);"""),
    # Who joins makes a group of its own.
    ("joiner_founds", SHARD,
     "if (empty(from.log) && founds) {",
     """if (empty(from.log) && !founds && fault("joiner_founds")) {
    change = raft::core::bootstrap(parts_.id, configuration_of({parts_.self}));
    from.log = begin_with(change);
  }
  if (empty(from.log) && founds) {"""),
]

if __name__ == "__main__":
    faults.main(sys.argv[1:], FAULTS)
