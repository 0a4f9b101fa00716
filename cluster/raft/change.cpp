// What decides over logs and configurations: no step of the library.
#include "base/assert.hpp"
#include "cluster/raft/core.hpp"
#include "cluster/raft/shim.h"

namespace iris::cluster::raft {

namespace {

using persistence::hard_state;
using persistence::loaded_log;
using persistence::log_change;
using persistence::log_floor;

std::uint64_t end_of(const loaded_log& log) {
  return log.first_index + log.entries.size() - 1;
}

/// 0 when the log does not hold it.
std::uint64_t term_of(const loaded_log& log, std::uint64_t index) {
  if (index < log.first_index || index > end_of(log))
    return 0;
  return log.entries[index - log.first_index].term;
}

const std::string& latest_configuration(const loaded_log& log) {
  for (auto i = log.entries.rbegin(); i != log.entries.rend(); ++i)
    if (is(*i, entry_type::configuration))
      return *i->payload;
  return log.floor.configuration;
}

/// How many servers are not the same in both.
std::size_t differences(const configuration& a, const configuration& b) {
  std::size_t same = 0;
  std::size_t changed = 0;
  for (const auto& x : a) {
    if (const auto* y = find(b, x.id))
      ++(*y == x ? same : changed);
  }
  return a.size() + b.size() - 2 * same - changed;
}

} // namespace

log_change core::bootstrap(shard_id shard, const configuration& first) {
  log_change out;
  out.shard = shard;
  out.state = hard_state{1, 0};
  out.first_index = 1;
  out.entries.push_back({1,
                         static_cast<std::uint8_t>(entry_type::configuration),
                         std::make_shared<const std::string>(encode(first))});
  return out;
}

log_change core::installed(shard_id shard, const loaded_log& now,
                           log_floor fetched) {
  log_change out;
  out.shard = shard;
  // Rule 14: what does not stand on the fetched state goes.
  if (term_of(now, fetched.index) != fetched.term)
    out.first_index = fetched.index + 1;
  if (now.state.term < fetched.term)
    out.state = hard_state{fetched.term, 0};
  out.keep_from = fetched.index + 1;
  out.floor = std::move(fetched);
  return out;
}

std::optional<hard_state> core::before_start(node_id self,
                                             const loaded_log& log) {
  auto latest = decode_configuration(latest_configuration(log));
  if (!latest || voters(*latest) != 1 || !votes(*latest, self))
    return std::nullopt;
  // Rule 10: a term of its own at every start.
  return hard_state{log.state.term + 1, self.value};
}

result<void> core::check(const loaded_log& log) {
  auto last = end_of(log);
  const auto& floor = log.floor;
  if (last < floor.index || log.first_index > floor.index + 1)
    return error{errc::corrupt, "the log holds entries "
                                  + std::to_string(log.first_index) + " to "
                                  + std::to_string(last)
                                  + ", expected them to join the floor at "
                                  + std::to_string(floor.index)};
  auto at_floor = term_of(log, floor.index);
  if (at_floor != 0 && at_floor != floor.term)
    return error{errc::corrupt, "the log contradicts its floor"};
  if (floor.index > 0 && !decode_configuration(floor.configuration))
    return error{errc::corrupt, "expected a configuration in the log's floor"};
  auto term = floor.term;
  for (const auto& x : log.entries) {
    if (is(x, entry_type::configuration) && !decode_configuration(*x.payload))
      return error{errc::corrupt, "expected a configuration in the log"};
    term = std::max(term, x.term);
  }
  if (term > log.state.term)
    return error{errc::corrupt, "the log is of a later term than its state"};
  if (floor.index == 0 && !log.entries.empty()
      && !is(log.entries.front(), entry_type::configuration))
    return error{errc::corrupt, "expected a log to begin with a configuration"};
  return {};
}

result<void> core::check_idle() const {
  auto busy = [](const char* why) { return error{errc::unavailable, why}; };
  if (role() != raft::role::leader)
    return error{errc::not_leader, "expected the leader"};
  if (transferring())
    return busy("leadership is being handed over");
  if (iris_raft_uncommitted(raft_.get()) != 0)
    return busy("expected the change before it to be committed");
  if (iris_raft_promotee(raft_.get()) != 0)
    return busy("expected nobody to catch up");
  // Rule 8 (Ongaro, "Bug in single-server membership changes", 2015).
  if (iris_raft_commit_index(raft_.get()) < own_first_)
    return busy("expected an entry of this term to be committed");
  return {};
}

result<void> core::may_change(const configuration& next) const {
  if (role() != raft::role::leader)
    return error{errc::not_leader, "expected the leader"};
  auto now = servers();
  // Rule 9: one server at a time, one change at a time.
  if (!well_formed(next) || differences(now, next) > 1)
    return error{errc::bad_field, "expected one server to change at most"};
  if (auto ok = check_idle(); !ok)
    return ok;
  auto busy = [](const char* why) { return error{errc::unavailable, why}; };
  // Rule 10: a leader that is none of the voters could be alone in knowing it.
  if (!votes(next, self_))
    return busy("expected the leader to stay a voter: hand over first");
  for (const auto& x : next)
    if (x.role == server_role::voter && !votes(now, x.id) && !caught_up(x.id))
      return busy("expected the new voter to have caught up");
  return {};
}

} // namespace iris::cluster::raft
