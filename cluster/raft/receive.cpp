// Messages, in and out.
#include "base/assert.hpp"
#include "cluster/raft/core.hpp"
#include "cluster/raft/library.hpp"

#include <algorithm>

namespace iris::cluster::raft {

using kind = message::kind;

result<update> core::receive(std::chrono::nanoseconds now, message what) {
  begin(now);
  heard_[what.peer] = now_;
  if (outdated(what))
    return finish();
  if (auto ok = dispatch(std::move(what)); !ok)
    return ok.failure();
  return finish();
}

result<void> core::dispatch(message what) {
  switch (what.what) {
  case kind::append:
    return receive_append(std::move(what));
  case kind::install:
    return receive_install(std::move(what));
  default:
    return give(what, {}, asks_non_voter(what));
  }
}

/// What the library would take for something else.
bool core::outdated(const message& what) const {
  auto leads = role() == raft::role::leader;
  switch (what.what) {
  case kind::append:
  case kind::install:
    // There is no other leader of this term.
    return leads && what.term == state().term;
  case kind::vote_result:
    // Rule 5: it is read as if there were an election.
    return role() != raft::role::candidate;
  case kind::append_result: {
    if (!leads || what.term != state().term || what.rejected == 0)
      return false;
    // Rule 5: a late one would undo what is known since.
    auto match = iris_raft_match(raft_.get(), what.peer.value);
    return what.rejected <= match || what.last_index < match;
  }
  default:
    return false;
  }
}

result<void> core::receive_append(message what) {
  if (what.term < state().term)
    return give(what, {});
  led_ = now_;
  doubted_ = false;
  leader_commit_ = std::max(leader_commit_, what.leader_commit);
  drop_committed(what);
  auto entries = std::move(what.entries);
  std::size_t begin = 0;
  do {
    // Rule 7: the library takes a change for the first entry of its message.
    auto end = std::min(begin + 1, entries.size());
    while (end < entries.size() && !is(entries[end], entry_type::configuration))
      ++end;
    entries_view part{entries.data() + begin, end - begin};
    if (auto ok = confirm_before(what, part); !ok)
      return ok;
    if (auto ok = give(what, part); !ok)
      return ok;
    if (rejected())
      break;
    if (!part.empty()) {
      what.prev_index += part.size();
      what.prev_term = part.back().term;
    }
    begin = end;
  } while (begin < entries.size());
  return {};
}

/// Rule 6: all up to the commit index match (Leader Completeness), so that the
/// library need not look at it, which has forgotten it or would go back.
void core::drop_committed(message& what) const {
  auto commit = iris_raft_commit_index(raft_.get());
  auto term = tail_.term_of(commit);
  if (what.prev_index >= commit || term == 0)
    return;
  auto known =
    std::min<std::uint64_t>(commit - what.prev_index, what.entries.size());
  what.entries.erase(what.entries.begin(),
                     what.entries.begin() + static_cast<std::ptrdiff_t>(known));
  what.prev_index = commit;
  what.prev_term = term;
}

/// Rule 7: a second change proves the first one committed, which the library
/// has to know before it takes the second.
result<void> core::confirm_before(const message& what, entries_view part) {
  if (part.empty() || !is(part.front(), entry_type::configuration))
    return {};
  auto index = what.prev_index + 1;
  auto older = iris_raft_uncommitted(raft_.get());
  if (older == 0 || older >= index
      || tail_.term_of(what.prev_index) != what.prev_term
      || tail_.term_of(index) == part.front().term)
    return {};
  return confirm(older);
}

/// Whether the log did not match what was given.
bool core::rejected() const {
  return std::any_of(outgoing_.begin(), outgoing_.end(), [](const message& x) {
    return x.what == kind::append_result && x.rejected > 0;
  });
}

/// As a heartbeat at the leader's floor: only where that does not match is its
/// state needed. The library's own installing is not used.
result<void> core::receive_install(message what) {
  message heartbeat;
  heartbeat.what = kind::append;
  heartbeat.peer = what.peer;
  heartbeat.term = what.term;
  heartbeat.prev_index = what.floor.index;
  heartbeat.prev_term = what.floor.term;
  heartbeat.leader_commit = what.floor.index;
  if (auto ok = receive_append(std::move(heartbeat)); !ok)
    return ok;
  if (rejected() && what.term == state().term) {
    outgoing_.clear();
    update_.install = std::move(what);
  }
  return {};
}

/// Rule 11: who is no voter may not know yet that it was made one, and without
/// its vote there may be no majority.
bool core::asks_non_voter(const message& what) const {
  return what.what == kind::vote && role() == raft::role::follower
         && !votes(servers(), self_);
}

result<void> core::give(const message& what, entries_view entries,
                        bool as_voter) {
  auto shown = library::view(what);
  auto all = library::view(entries);
  shown.entry_count = static_cast<std::uint32_t>(all.size());
  shown.as_voter = as_voter;
  // It never doubts its leader by itself, having no election timeout.
  if (as_voter && now_ - led_ >= options_.election_timeout)
    shown.disrupt = true;
  if (doubted_ && role() == raft::role::follower)
    shown.disrupt = true;
  stale_ = what.term < state().term;
  iris_raft_update out;
  auto status =
    iris_raft_receive(raft_.get(), milliseconds(), &shown, all.data(), &out);
  auto ok = took(status, out, entries);
  stale_ = false;
  return ok;
}

void core::send(const iris_raft_message& what) {
  auto out = library::to_message(what);
  switch (out.what) {
  case kind::append:
    send_append(std::move(out), what.entry_count);
    return;
  case kind::append_result:
    send_result(std::move(out));
    return;
  case kind::vote_result:
    // Rule 11: or a candidate that is behind would never know.
    if (stale_ && out.pre_vote)
      out.term = state().term;
    break;
  case kind::install:
    out.last_index = out.last_term = 0;
    out.floor = tail_.floor();
    // Who has the first entry that is left needs no state.
    if (auto first = tail_.first_index();
        first < out.floor.index && first >= out.floor.configuration_index) {
      out.floor.index = first;
      out.floor.term = tail_.term_of(first);
    }
    break;
  default:
    break;
  }
  outgoing_.push_back(std::move(out));
}

void core::send_result(message what) {
  // Rule 5: the library does not fill it in.
  if (stale_)
    what.last_index = 0;
  if (what.rejected > 0 && !stale_) {
    // What is committed matches whatever the leader asks for. It may have
    // cut its log since it told this replica to fetch the state.
    auto known = what;
    known.rejected = 0;
    known.last_index = std::min(iris_raft_commit_index(raft_.get()),
                                iris_raft_last_stored(raft_.get()));
    if (known.last_index > 0)
      outgoing_.push_back(std::move(known));
  }
  outgoing_.push_back(std::move(what));
}

/// In parts, and without entries for whom nobody hears of: those would be
/// encoded again with every heartbeat.
void core::send_append(message what, std::uint64_t count) {
  if (silent(what.peer))
    count = 0;
  auto next = what.prev_index + 1;
  const auto end = next + count;
  do {
    message part = what;
    part.prev_index = next - 1;
    if (next > what.prev_index + 1)
      part.prev_term = tail_.term_of(next - 1);
    std::size_t bytes = 0;
    for (; next < end; ++next) {
      const auto& x = tail_.at(next);
      bytes += x.payload->size();
      if (bytes > options_.append_bytes_max && !part.entries.empty())
        break;
      part.entries.push_back(x);
    }
    outgoing_.push_back(std::move(part));
  } while (next < end);
}

bool core::silent(node_id peer) const {
  auto heard = leading_since_;
  if (auto found = heard_.find(peer); found != heard_.end())
    heard = std::max(heard, found->second);
  return now_ - heard > options_.election_timeout;
}

} // namespace iris::cluster::raft
