#include "actors/shard_host.hpp"
#include "cluster/raft/configuration.hpp"

namespace iris::actors {

namespace {

using observability::metrics;

/// Whether a replica with this log may copy its state from others: it votes by
/// what its log says.
result<void> may_copy(const persistence::loaded_log& log, node_id self) {
  auto others = cluster::raft::others_vote(log, self);
  if (!others)
    return others.failure();
  if (*others)
    return {};
  return error{errc::unavailable,
               "no other node has this shard: restore a backup"};
}

/// What it said cannot be known from its log, nor in which terms.
error not_to_vote(const error& why) {
  return {why.code, why.context
                      + ": this replica must not vote any more, so the node "
                        "has to be replaced"};
}

/// Whether the log is whole, and the one that the state was made from.
result<void> check(const persistence::loaded_log& log,
                   const shard_host_parts& with) {
  if (auto ok = cluster::raft::core::check(log); !ok)
    return ok;
  auto applied = with.shard.state.applied(with.shard.id);
  auto end = log.first_index + log.entries.size();
  if (!applied || applied->index < end)
    return {};
  return error{errc::corrupt, "the log ends at entry " + std::to_string(end - 1)
                                + ", expected one that the state has applied, "
                                + std::to_string(applied->index)};
}

/// A log that is damaged is given up. Precondition: another node leads the
/// shard.
result<void> prepare_copy(const shard_host_parts& with) {
  const auto id = with.shard.id;
  auto found = with.log.load(id);
  if (found && persistence::lost(*found))
    return {};
  if (found) {
    if (auto ok = check(*found, with); !ok)
      return not_to_vote(ok.failure());
    return may_copy(*found, with.shard.self);
  }
  if (found.failure().code != errc::corrupt)
    return found.failure();
  if (auto ok = with.log.lose(id); !ok)
    return ok.failure().code == errc::corrupt ? not_to_vote(ok.failure())
                                              : ok.failure();
  with.env.log.error("a damaged log is given up: this replica votes no more "
                     "until a later leader's state is copied",
                     {{"shard", id}, {"why", found.failure()}});
  return {};
}

result<cluster::shard::stored> stored(result<persistence::loaded_log> log,
                                      const persistence::state_store& state,
                                      shard_id id) {
  if (!log)
    return log.failure();
  auto applied = state.applied(id);
  if (!applied)
    return applied.failure();
  auto incomplete = state.incomplete(id);
  if (!incomplete)
    return incomplete.failure();
  return cluster::shard::stored{*std::move(log), *applied, *incomplete};
}

} // namespace

void shard_host::load() {
  auto self = caf::actor_cast<shard_actor>(this);
  with_.log_thread.post([self, &log = with_.log, &state = with_.shard.state,
                         &next = with_.state_thread, id = with_.shard.id] {
    next.post([self, &state, id, found = log.load(id)] {
      caf::anon_send(self, shard_loaded{stored(found, state, id)});
    });
  });
}

void shard_host::on_loaded(shard_loaded& what) {
  if (!what.found)
    return on_stopped(what.found.failure());
  gauge_of(&metrics::shard_copying).set(what.found->incomplete ? 1 : 0);
  if (what.found->incomplete) {
    with_.env.metrics.shard_copies.add();
    with_.env.log.info("a shard's state is copied from another node",
                       {{"shard", with_.shard.id}});
  }
  shard_->start(*std::move(what.found));
}

void shard_host::on_stopped(const error& why) {
  if (stopped_)
    return;
  stopped_ = why;
  gauge_of(&metrics::shard_copying).set(0);
  // Also if it was found by a reader: others lead from now on.
  shard_->stop(why);
  tell_stopped();
  end_children();
  for (auto& x : std::exchange(early_, {}))
    x();
}

void shard_host::tell_stopped() {
  gauge_of(&metrics::shard_leader).set(0);
  gauge_of(&metrics::shard_stopped).set(1);
  constexpr observability::literal for_good{
    "shard stopped, for a write of the log failed: it serves nobody here until "
    "the node is restarted, and replays its log"};
  constexpr observability::literal mendable{
    "shard stopped: it serves nobody here until a restart, or `iris repair` "
    "where others have it"};
  with_.env.log.error(with_.log.failed() ? for_good : mendable,
                      {{"shard", with_.shard.id}, {"why", stopped_}});
}

/// It may be wanted here no more.
void shard_host::forget_stopped() {
  gauge_of(&metrics::shard_copying).set(0);
  gauge_of(&metrics::shard_behind).set(0);
  if (stopped_)
    gauge_of(&metrics::shard_stopped).set(0);
}

/// Who has stopped begins anew with another object: what actors of the old one
/// still write is forgotten by it.
void shard_host::on_reload(const shard_reload& what) {
  if (what.anew && stopped_ && !ending_) {
    forget_stopped();
    stopped_ = {};
    *repairing_ = false;
    led_ = leads_soon_ = sweeping_ = false;
    if (with_.on_leader)
      with_.on_leader(std::nullopt, 0);
    begin();
    shard_->place(wanted_);
  }
  load();
}

/// Who has stopped begins anew, as one whose state is incomplete. Not without a
/// log that takes what follows: the state that is there would be lost for
/// nothing.
void shard_host::on_repair(const repair_replica& what) {
  if (ending_)
    return what.then(refusal());
  if (with_.log.failed())
    return what.then(error{errc::illegal_state,
                           "a write of this node's log failed: restart the "
                           "node, it replays its log"});
  if (!stopped_)
    return what.then(shard_->rebuild());
  // Others may be repaired as well: who leads has the state for sure.
  if (!shard_->leader() || *shard_->leader() == with_.shard.self)
    return what.then(error{errc::unavailable,
                           "no leader of this shard is known here: expected "
                           "one on another node, whose state is copied",
                           1000});
  if (repairing_->exchange(true))
    return what.then(
      error{errc::unavailable, "this replica is being repaired", 1000});
  auto then = [busy = repairing_, told = what.then](const result<void>& begun) {
    if (!begun)
      *busy = false;
    told(begun);
  };
  auto restart = [self = caf::actor_cast<shard_actor>(this),
                  then](const result<bool>& marked) {
    if (!marked)
      return then(marked.failure());
    then({});
    caf::anon_send(self, shard_reload{true});
  };
  with_.log_thread.post([restart, then, with = with_] {
    if (auto ok = prepare_copy(with); !ok)
      return then(ok);
    with.shard.writer.run<bool>(
      [id = with.shard.id](persistence::state_store& store) {
        return store.clear(id, 1);
      },
      with.shard.home, restart);
  });
}

} // namespace iris::actors
