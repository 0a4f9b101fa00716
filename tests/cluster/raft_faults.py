#!/usr/bin/env python3
"""Copies of cluster/raft's sources in which one of its rules is missing.

As tests/sim/faults.py, whose commands it has; docs/adr/0010 numbers the rules.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "sim"))
sys.dont_write_bytecode = True

import faults  # noqa: E402


def unless(name, where, condition):
    """The condition holds, unless the fault is planted."""
    return (name, where, condition, f'(!fault("{name}") && ({condition}))')


def also(name, where, condition):
    """The condition holds when the fault is planted, too."""
    return (name, where, condition, f'(fault("{name}") || ({condition}))')


CORE = "cluster/raft/core.cpp"
CHANGE = "cluster/raft/change.cpp"
OUTBOX = "cluster/raft/outbox.cpp"
RECEIVE = "cluster/raft/receive.cpp"
TAIL = "cluster/raft/log_tail.cpp"

FAULTS = [
    # -- 3, 4: the disk -------------------------------------------------------
    ("message_before_its_term", OUTBOX, "auto out = state_;",
     'auto out = fault("message_before_its_term") ? 0 : state_;'),
    ("overwritten_entry_durable", OUTBOX, "i->last = std::min(i->last, first - 1);",
     """if (!fault("overwritten_entry_durable"))
        i->last = std::min(i->last, first - 1);"""),
    ("applied_before_durable", CORE,
     """std::min(iris_raft_commit_index(raft_.get()),
                          iris_raft_last_stored(raft_.get()));
  update_.commit""",
     """fault("applied_before_durable")
                   ? iris_raft_commit_index(raft_.get())
                   : std::min(iris_raft_commit_index(raft_.get()),
                              iris_raft_last_stored(raft_.get()));
  update_.commit"""),

    # -- 5, 6, 7: messages ----------------------------------------------------
    ("stale_reply_filled", RECEIVE, "what.last_index = 0;",
     'what.last_index = fault("stale_reply_filled") ? ~0ULL >> 8U : 0;'),
    unless("vote_without_election", RECEIVE,
           "role() != raft::role::candidate"),
    unless("late_rejection_believed", RECEIVE,
           "what.rejected <= match || what.last_index < match"),
    also("committed_not_trimmed", RECEIVE,
         "what.prev_index >= commit || term == 0"),
    also("changes_not_split", RECEIVE,
         "!is(entries[end], entry_type::configuration)"),
    also("older_change_not_confirmed", RECEIVE,
         "part.empty() || !is(part.front(), entry_type::configuration)"),

    # -- 8, 9: terms and changes ----------------------------------------------
    also("no_barrier", CORE, "tail_.term_of(own_first_) == term"),
    unless("change_before_own_entry", CHANGE,
           "iris_raft_commit_index(raft_.get()) < own_first_"),
    also("commit_of_change_untold", CORE,
         "change == 0 || change > iris_raft_commit_index(raft_.get())"),
    ("config_from_uncommitted_entry", TAIL, "auto i = index;",
     'auto i = fault("config_from_uncommitted_entry") ? last_index() : index;'),
    unless("two_servers_at_once", CHANGE, "differences(now, next) > 1"),
    unless("promoted_without_the_log", CHANGE,
           "x.role == server_role::voter && !votes(now, x.id)"
           " && !caught_up(x.id)"),

    # -- 10: one voter --------------------------------------------------------
    ("same_term_again", CHANGE, "log.state.term + 1",
     'log.state.term + (fault("same_term_again") ? 0 : 1)'),
    unless("elected_in_old_term", CORE,
           "was == raft::role::follower && role_ == raft::role::leader"),
    unless("leader_removes_itself", CHANGE, "!votes(next, self_)"),
    ("change_sent_before_durable", OUTBOX, "out = std::max(out, x.ticket);",
     """out = fault("change_sent_before_durable") ? out
                                                  : std::max(out, x.ticket);"""),

    # -- 11 to 14 -------------------------------------------------------------
    unless("pre_vote_hides_term", RECEIVE, "stale_ && out.pre_vote"),
    unless("non_voter_silent", RECEIVE, "what.what == kind::vote"),
    unless("non_voter_loyal", RECEIVE,
           "as_voter && now_ - led_ >= options_.election_timeout"),
    ("timer_spins", CORE, "ticked_ +",
     'fault("timer_spins") ? 0ns : ticked_ +'),
    also("floor_goes_back", CORE, "floor.index > tail_.floor().index"),
    unless("log_kept_under_state", CHANGE,
           "term_of(now, fetched.index) != fetched.term"),
]

if __name__ == "__main__":
    faults.main(sys.argv[1:], FAULTS)
