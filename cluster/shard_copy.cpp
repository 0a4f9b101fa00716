#include "cluster/shard.hpp"

namespace iris::cluster {

namespace {

using namespace std::chrono_literals;
using persistence::applied_point;
using persistence::loaded_log;

} // namespace

/// The leader has cut its log behind what this replica has, or it differs from
/// the others: its state is of no use any more. It says so on disk first.
void shard::make_incomplete(std::optional<node_id> from) {
  step_down();
  core_.reset();
  hashing_.reset();
  alive_ = std::make_shared<bool>(true);
  copy_from_ = from;
  lead_by(std::nullopt);
  parts_.writer.run<bool>(
    [id = parts_.id](persistence::state_store& store) {
      return store.clear(id, 1);
    },
    parts_.home, guarded([this](const result<bool>& marked) {
      if (!marked)
        return stop(marked.failure());
      tell(tell_.on_reload);
    }));
}

result<void> shard::rebuild() {
  if (copy_)
    return {}; // It is at it.
  if (!core_)
    return error{errc::unavailable, "this replica has not started yet", 1000};
  auto all = voters();
  if (all.empty() || all == std::vector{parts_.self})
    return error{errc::unavailable,
                 "no other node has this shard: restore a backup"};
  if (!leader_)
    return error{errc::unavailable,
                 "no leader of this shard is known here: it may need this "
                 "replica's vote, and have no other state",
                 1000};
  // The others may be at it as well: who leads has the state for sure.
  if (leader_ == parts_.self)
    return error{errc::illegal_state,
                 "this replica leads its shard: expected one that follows, so "
                 "have another node lead it first, by "
                   + std::string{parts_.id == control_shard
                                   ? "iris node drain"
                                   : "iris shard transfer"}};
  make_incomplete(leader_);
  return {};
}

void shard::copy(loaded_log log) {
  copied_log_ = std::move(log);
  copy_led_ = parts_.time.steady_now();
  copy_.emplace(
    image_copy::parts{parts_.id, parts_.writer, parts_.home, parts_.time,
                      [this](node_id to, const image_message& what) {
                        parts_.mail.send(parts_.id, to, what);
                      }},
    image_copy::events{
      [this](const applied_point& at, const placed_configuration& in_force) {
        on_restored(at, in_force);
      },
      [this](const error& why) { stop(why); }},
    copied_log_.floor.index,
    persistence::lost(copied_log_) ? copied_log_.floor.term + 1 : 0,
    random_.next());
  if (auto known = std::exchange(copy_from_, {}))
    copy_->offer(*known);
}

/// All that is there, and that it is incomplete, becomes durable before the
/// log changes, or the power failing could leave the old state behind it.
void shard::on_restored(const applied_point& at,
                        const placed_configuration& in_force) {
  parts_.writer.run<bool>(
    [](persistence::state_store& store) -> result<bool> {
      if (auto ok = store.sync(); !ok)
        return ok.failure();
      return true;
    },
    parts_.home, guarded([this, at, in_force](const result<bool>& durable) {
      if (!durable)
        return stop(durable.failure());
      begin_log_at(at, in_force);
    }));
}

/// The log first: should the power fail now, the state is still incomplete,
/// and any image from this floor on will do.
void shard::begin_log_at(const applied_point& at,
                         const placed_configuration& in_force) {
  auto log = std::exchange(copied_log_, {});
  auto finish = guarded([this, at](const result<void>& durable) {
    if (!durable)
      return stop(durable.failure());
    parts_.writer.run<bool>(
      [id = parts_.id, at](persistence::state_store& store) -> result<bool> {
        if (auto ok = store.finish(id, at); !ok)
          return ok.failure();
        return true;
      },
      parts_.home, guarded([this](const result<bool>& done) {
        if (!done)
          return stop(done.failure());
        tell(tell_.on_reload);
      }));
  });
  parts_.log.submit(
    raft::core::installed(parts_.id, log,
                          {at.index, at.term, in_force.bytes, in_force.index}),
    parts_.home, finish);
}

/// The leader's state is the newest. But if this one's vote is needed for there
/// to be a leader, any other that is there has to do; not for one that lost its
/// log, which gives no vote before a leader is there without it.
void shard::offer_copy(const raft::message& what) {
  using kind = raft::message::kind;
  auto now = parts_.time.steady_now();
  auto leads = what.what == kind::append || what.what == kind::install;
  if (leads)
    copy_led_ = now;
  if (persistence::lost(copied_log_)
      && (!leads || what.term <= copied_log_.floor.term)) {
    if (leads)
      parts_.mail.send(parts_.id, what.peer,
                       image_renew{copied_log_.floor.term});
    return;
  }
  if (leads || now - copy_led_ > 2 * parts_.timing.election_timeout)
    copy_->offer(what.peer);
}

/// Another leads then, or this replica once more, but in a later term.
void shard::on_renew(const image_renew& what) {
  if (!core_ || core_->role() != raft::role::leader || term() > what.term
      || core_->transferring())
    return;
  auto now = view();
  now.leaving = true;
  carry_out(next_step(now, wanted_));
  steer_later(0ms);
}

void shard::receive(node_id from, const image_message& what) {
  if (!*alive_)
    return;
  if (auto* request = std::get_if<image_request>(&what)) {
    if (core_)
      source_.on_request(from, *request);
  } else if (auto* has = std::get_if<image_has>(&what)) {
    if (core_ && core_->role() == raft::role::leader)
      judge(from, *has);
  } else if (auto* differs = std::get_if<image_differs>(&what)) {
    if (core_)
      correct(*differs, from);
  } else if (auto* ask = std::get_if<image_ask>(&what)) {
    if (core_)
      on_ask(from, *ask);
  } else if (auto* lacks = std::get_if<image_lacks>(&what)) {
    on_lacks(*lacks);
  } else if (auto* renew = std::get_if<image_renew>(&what)) {
    on_renew(*renew);
  } else if (!copy_) {
    // Of a copy that is done.
  } else if (auto* piece = std::get_if<image_piece>(&what)) {
    copy_->on_piece(from, *piece);
  } else {
    copy_->on_refusal(from, std::get<image_refusal>(what));
  }
}

} // namespace iris::cluster
