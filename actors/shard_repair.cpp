#include "actors/shard_host.hpp"
#include "cluster/raft/configuration.hpp"

namespace iris::actors {

namespace {

using cluster::raft::latest_in;
using cluster::raft::server_role;

/// Whether a replica with this log may copy its state from others: it votes by
/// what its log says.
result<void> may_copy(const result<persistence::loaded_log>& log,
                      node_id self) {
  constexpr auto replace = ": this replica must not vote any more, so the node "
                           "has to be replaced";
  if (!log)
    return error{log.failure().code, log.failure().context + replace};
  auto servers = latest_in(*log);
  if (!servers)
    return error{servers.failure().code, servers.failure().context + replace};
  for (const auto& x : *servers)
    if (x.id != self && x.role == server_role::voter)
      return {};
  return error{errc::unavailable,
               "no other node has this shard: restore a backup"};
}

} // namespace

void shard_host::tell_stopped() {
  auto label = cluster::label_of(with_.shard.id);
  with_.env.metrics.shard_leader.with(label).set(0);
  with_.env.metrics.shard_stopped.with(label).set(1);
  with_.env.log.error("shard stopped: it serves nobody here until a restart, "
                      "or `iris repair` where others have it",
                      {{"shard", with_.shard.id}, {"why", stopped_}});
}

/// It may be wanted here no more.
void shard_host::forget_stopped() {
  if (stopped_)
    with_.env.metrics.shard_stopped.with(cluster::label_of(with_.shard.id))
      .set(0);
}

/// Who has stopped begins anew, as one whose state is incomplete.
void shard_host::on_repair(const repair_replica& what) {
  if (ending_)
    return what.then(refusal());
  if (!stopped_)
    return what.then(shard_->rebuild());
  // Others may be repaired as well: who leads has the state for sure.
  if (!shard_->leader() || *shard_->leader() == with_.shard.self)
    return what.then(error{errc::unavailable,
                           "no leader of this shard is known here: expected "
                           "one on another node, whose state is copied",
                           1000});
  auto restart = [self = caf::actor_cast<shard_actor>(this), then = what.then,
                  id = with_.shard.id,
                  &metrics = with_.env.metrics](const result<bool>& marked) {
    if (!marked)
      return then(marked.failure());
    metrics.shard_stopped.with(cluster::label_of(id)).set(0);
    then({});
    // Its supervisor begins it again.
    caf::anon_send_exit(self, caf::exit_reason::kill);
  };
  with_.log_thread.post([restart, then = what.then, &log = with_.log,
                         &writer = with_.shard.writer, &unit = with_.shard.home,
                         id = with_.shard.id, self = with_.shard.self] {
    if (auto ok = may_copy(log.load(id), self); !ok)
      return then(ok);
    writer.run<bool>(
      [id](persistence::state_store& store) { return store.clear(id, 1); },
      unit, restart);
  });
}

} // namespace iris::actors
