#include "cluster/shard.hpp"

#include "cluster/beats.hpp"

#include <algorithm>

namespace iris::cluster {

namespace {

using persistence::loaded_log;
using persistence::log_change;
using namespace std::chrono_literals;

/// What a cut leaves of the log for who is copying the state: without it, it
/// would be too far behind again when it is done.
constexpr std::size_t copied_bytes_max = std::size_t{32} << 20;

bool empty(const loaded_log& log) {
  return log.entries.empty() && log.floor.index == 0;
}

/// Those who lost their leader stand one after the other, or nobody gets a
/// majority: a turn is enough for a vote, with its syncs, on a busy machine.
constexpr auto turn = 150ms;
/// Who has heard of another placement may have the same turn.
constexpr std::uint64_t jitter_ms = 50;

std::uint64_t last_index(const loaded_log& log) {
  return log.first_index + log.entries.size() - 1;
}

raft::configuration configuration_of(const std::vector<node_id>& voters) {
  raft::configuration out;
  for (auto x : voters)
    out.push_back({x, raft::server_role::voter});
  std::sort(out.begin(), out.end(),
            [](const auto& x, const auto& y) { return x.id < y.id; });
  return out;
}

/// A new group begins with the configuration that makes it one.
loaded_log begin_with(const log_change& bootstrap) {
  loaded_log out;
  out.state = *bootstrap.state;
  out.first_index = bootstrap.first_index;
  out.entries = bootstrap.entries;
  return out;
}

} // namespace

shard::shard(parts with, events tell)
  : parts_(std::move(with)), tell_(std::move(tell)), random_(parts_.seed),
    check_(parts_.checkpoint_every),
    source_({parts_.id, parts_.state, parts_.home, parts_.readers, parts_.time,
             [this](std::uint64_t index) { return configuration_at(index); },
             [this](node_id to, const image_message& what) {
               parts_.mail.send(parts_.id, to, what);
             }}) {
  // nop
}

// -- starting -----------------------------------------------------------------

void shard::start(stored from) {
  if (!*alive_)
    return;
  alive_ = std::make_shared<bool>(true);
  copy_.reset();
  // What was under way in the life before calls back no more.
  cutting_ = false;
  armed_ = 0ns;
  steering_ = false;
  applied_ = from.applied;
  check_ = replica_check{parts_.checkpoint_every};
  held_ = replica_check{1};
  holds_ = {{}, compared::held};
  handed_ = applied_.index;
  unapplied_bytes_ = 0;
  if (from.incomplete)
    return copy(std::move(from.log));
  if (persistence::lost(from.log))
    return stop({errc::corrupt, "its log was lost, expected a state that is "
                                "copied from another replica"});
  log_change change;
  auto founds =
    std::find(parts_.voters.begin(), parts_.voters.end(), parts_.self)
    != parts_.voters.end();
  if (empty(from.log) && founds) {
    change = raft::core::bootstrap(parts_.id, configuration_of(parts_.voters));
    from.log = begin_with(change);
  }
  if (auto own = raft::core::before_start(parts_.self, from.log))
    change.state = from.log.state = *own;
  if (!change.state)
    return join(std::move(from.log));
  change.shard = parts_.id;
  parts_.log.submit(
    std::move(change), parts_.home,
    guarded([this, log = std::move(from.log)](const result<void>& durable) {
      if (!durable)
        return stop(durable.failure());
      join(log);
    }));
}

/// Precondition: what makes this replica one of its group is durable.
void shard::join(loaded_log log) {
  auto last = last_index(log);
  if (applied_.index < log.floor.index || applied_.index > last)
    return stop({errc::corrupt,
                 "the state store has applied entry "
                   + std::to_string(applied_.index) + ", expected one from "
                   + std::to_string(log.floor.index) + " to "
                   + std::to_string(last)
                   + ": log/ and state/ are not from the same moment"});
  configurations_ = {{log.floor.configuration_index, log.floor.configuration}};
  for (auto i = log.first_index; i <= applied_.index; ++i)
    note_configuration(i, log.entries[i - log.first_index]);
  tell_servers(configurations_.back());
  tell(tell_.on_applied, applied_.index);
  core_.emplace(parts_.self, random_.next(), parts_.timing);
  take(core_->start(parts_.time.steady_now(), std::move(log)));
}

// -- consensus ----------------------------------------------------------------

void shard::take(result<raft::update> what, pace answers) {
  if (!what)
    return stop(what.failure());
  if (what->change)
    persist(*what);
  for (const auto& x : what->messages)
    parts_.mail.send(parts_.id, x, std::max(answers, pace_of(x)), parts_.home);
  if (what->role)
    on_role();
  fall_behind(core_->last_index());
  if (what->install)
    return make_incomplete(what->install->peer);
  if (what->commit)
    commit();
  arm();
}

void shard::persist(raft::update& what) {
  what.change->shard = parts_.id;
  parts_.log.submit(
    std::move(*what.change), parts_.home,
    guarded([this, ticket = what.ticket](const result<void>& durable) {
      if (!durable)
        return stop(durable.failure());
      take(core_->persisted(parts_.time.steady_now(), ticket));
    }));
}

void shard::receive(raft::message what) {
  if (failed_)
    return overhear(what);
  if (!*alive_)
    return;
  auto answers = pace_of(what);
  if (core_)
    take(core_->receive(parts_.time.steady_now(), std::move(what)), answers);
  else if (copy_)
    offer_copy(what);
}

void shard::on_role() {
  if (core_->role() != raft::role::leader)
    step_down();
  else if (barrier_ == 0) {
    // Raft paper, section 8: an own entry commits those of earlier terms.
    barrier_ = core_->last_index();
    rested_at_ = parts_.time.steady_now() + parts_.rest;
    steer_later(0ms);
  }
  if (auto now = core_->leader(); now != leader_)
    lead_by(now);
}

void shard::lead_by(std::optional<node_id> leader) {
  leader_ = leader;
  if (leader)
    fall_behind(core_->commit_index());
  say_behind();
  tell(tell_.on_leader, leader_);
}

/// If more is committed than what it has up to there. While it is behind, that
/// does not grow: under load it would never be there.
void shard::fall_behind(std::uint64_t than) {
  if (behind_until_ > applied_.index || core_->known_committed() <= than)
    return;
  behind_until_ = core_->known_committed();
  say_behind();
}

void shard::say_behind() {
  auto now = !failed_ && (!leader_ || behind_until_ > applied_.index);
  if (std::exchange(behind_, now) != now)
    tell(tell_.on_behind, now);
}

std::optional<node_id> shard::leader() const {
  auto silent = parts_.time.steady_now() - overheard_at_;
  if (failed_ && silent > 2 * parts_.timing.election_timeout)
    return std::nullopt;
  return leader_;
}

void shard::step_down() {
  barrier_ = 0;
  leading_ = false;
  forget_waiters();
  if (std::exchange(ready_, false))
    tell(tell_.on_following);
}

void shard::lead() {
  leading_ = ready_;
}

void shard::lost(node_id peer) {
  if (!core_)
    return;
  auto now = parts_.time.steady_now();
  core_->doubt(now, peer, now + turn_without(peer));
  arm();
}

void shard::found() {
  if (!core_ || core_->leader())
    return;
  auto now = parts_.time.steady_now();
  // Whoever leads says so meanwhile, at the next common moment.
  core_->stand(now, now + 2 * turn + turn_without({}));
  arm();
}

/// What others have, who stand first: in the order in which they are wanted.
std::chrono::nanoseconds shard::turn_without(node_id lost) {
  const auto& order = wanted_.voters.empty() ? parts_.voters : wanted_.voters;
  auto self = std::find(order.begin(), order.end(), parts_.self);
  auto before = std::count_if(order.begin(), self, [&](node_id x) {
    return x != lost && raft::votes(core_->servers(), x);
  });
  return turn * before + std::chrono::milliseconds{random_.below(jitter_ms)};
}

void shard::arm() {
  if (!core_)
    return;
  auto now = parts_.time.steady_now();
  auto due = core_->deadline();
  if (due == std::chrono::nanoseconds::max())
    return;
  auto next = next_look(now, due, core_->role() == raft::role::leader,
                        between_moments(parts_.timing.heartbeat));
  // An earlier wake-up looks again; a later one would be too late.
  if (armed_ > now && armed_ <= next)
    return;
  armed_ = std::max(next, now + 1ms);
  auto delay = std::chrono::ceil<std::chrono::milliseconds>(armed_ - now);
  parts_.home.after(delay, guarded([this] {
                      armed_ = 0ns;
                      if (!core_)
                        return;
                      auto at = parts_.time.steady_now();
                      if (at < core_->deadline())
                        return arm();
                      take(core_->tick(at));
                    }));
}

// -- writing ------------------------------------------------------------------

void shard::stage(const persistence::writes& what, waiter who) {
  if (!leading_)
    return;
  if (open_waiters_.empty())
    open_since_ = parts_.time.steady_now();
  open_ += what.bytes();
  open_waiters_.push_back(std::move(who));
  if (!flush_scheduled_ && proposals_.empty()) {
    // Later in this turn, so that others can join.
    flush_scheduled_ = true;
    parts_.home.post(guarded([this] { flush(); }));
  }
}

void shard::confirm(task what) {
  if (alone())
    what();
  else
    stage({}, {{}, std::move(what)});
}

void shard::flush() {
  flush_scheduled_ = false;
  if (!leading_ || core_->transferring() || !proposals_.empty()
      || unapplied_bytes_ > unapplied_bytes_max)
    return;
  submit_open();
  // Behind what was staged, which has its index already.
  if (leading_ && std::exchange(mark_wanted_, false)) {
    open_since_ = parts_.time.steady_now();
    submit(raft::entry_type::barrier, std::string{raft::comparison_mark}, {});
  }
}

void shard::submit_open() {
  if (!open_waiters_.empty())
    submit(raft::entry_type::command, std::exchange(open_, {}),
           std::exchange(open_waiters_, {}));
}

void shard::submit(raft::entry_type type, std::string payload,
                   std::vector<waiter> waiters) {
  in_flight_bytes_ += payload.size();
  auto update =
    core_->submit(parts_.time.steady_now(), type,
                  std::make_shared<const std::string>(std::move(payload)));
  if (!update)
    return stop(update.failure());
  proposals_.push_back({core_->last_index(), std::move(waiters), open_since_});
  take(std::move(update));
  // There is no other log than this node's: not even of another shard, which
  // could keep what follows from an entry that this one loses.
  if (proposals_.empty() || !core_->lone_voter() || parts_.mail.has_peers())
    return;
  for (auto& x : proposals_.back().waiters)
    if (x.logged)
      std::exchange(x.logged, {})();
}

void shard::commit() {
  auto to = core_->commit_index();
  while (handed_ < to)
    apply(++handed_);
  while (!proposals_.empty() && proposals_.front().index <= to) {
    auto done = std::move(proposals_.front());
    proposals_.pop_front();
    in_flight_bytes_ = 0;
    tell(tell_.on_committed, parts_.time.steady_now() - done.staged_at);
    for (auto& x : done.waiters) {
      if (x.logged)
        x.logged();
      x.committed();
    }
  }
  flush();
}

// -- applying -----------------------------------------------------------------

void shard::apply(std::uint64_t index) {
  static const auto nothing = std::make_shared<const std::string>();
  const auto& entry = core_->entry(index);
  auto payload =
    raft::is(entry, raft::entry_type::command) ? entry.payload : nothing;
  auto bytes = payload->size();
  unapplied_bytes_ += bytes;
  note_configuration(index, entry);
  if (raft::is(entry, raft::entry_type::configuration))
    tell_servers(configurations_.back());
  persistence::state_writer::entry what{parts_.id, index, entry.term,
                                        std::move(payload)};
  if (raft::is(entry, raft::entry_type::barrier)
      && *entry.payload == raft::comparison_mark)
    hash_behind(index, what);
  parts_.writer.submit(
    std::move(what), parts_.home,
    guarded([this, bytes, term = entry.term](const result<outcome>& done) {
      unapplied_bytes_ -= bytes;
      applied_.term = term;
      applied(done);
    }));
  if ((barrier_ != 0 && !ready_) || !reads_.empty())
    parts_.writer.hurry();
}

void shard::applied(const result<outcome>& what) {
  if (!what)
    return stop(what.failure());
  applied_.index = what->index;
  applied_.checksum = what->checksum;
  say_behind();
  tell(tell_.on_applied, applied_.index);
  if (what->synced_index == applied_.index)
    cut_log();
  else if (core_->lone_voter())
    take(core_->forget(parts_.time.steady_now(), applied_.index));
  if (!*alive_)
    return;
  while (!reads_.empty() && reads_.front().index <= applied_.index) {
    auto work = std::move(reads_.front().work);
    reads_.pop_front();
    parts_.readers.post([&state = parts_.state, work] { work(state); });
  }
  flush();
  if (!ready_ && barrier_ != 0 && applied_.index >= barrier_) {
    ready_ = true;
    tell(tell_.on_leading);
  }
  if (core_ && *alive_)
    compare();
}

void shard::cut_log() {
  if (cutting_)
    return;
  cutting_ = true;
  auto now = configuration_at(applied_.index);
  log_change change;
  change.shard = parts_.id;
  change.floor = {applied_.index, applied_.term, now.bytes, now.index};
  change.keep_from = applied_.index + 1;
  if (!core_->lone_voter()) {
    auto copied = source_.oldest().value_or(applied_.index);
    auto had = core_->had_by_all();
    std::size_t kept = 0;
    while (change.keep_from > core_->first_index()
           && (kept < parts_.trailing_bytes
               || (kept < parts_.lagging_bytes && change.keep_from > had)
               || (kept < copied_bytes_max && change.keep_from > copied)))
      kept += core_->entry(--change.keep_from).payload->size();
  }
  while (configurations_.front().index < now.index)
    configurations_.pop_front();
  take(core_->compacted(parts_.time.steady_now(), *change.floor,
                        change.keep_from));
  parts_.log.submit(std::move(change), parts_.home,
                    guarded([this](const result<void>& durable) {
                      cutting_ = false;
                      if (!durable)
                        stop(durable.failure());
                    }));
}

// -- reading ------------------------------------------------------------------

void shard::read(std::function<void(const persistence::state_store&)> work) {
  read_at(handed_, std::move(work));
}

void shard::read_staged(
  std::function<void(const persistence::state_store&)> work) {
  auto last = proposals_.empty() ? handed_ : proposals_.back().index;
  read_at(open_waiters_.empty() ? last : next_entry(), std::move(work));
}

void shard::read_at(std::uint64_t index,
                    std::function<void(const persistence::state_store&)> work) {
  // In order of index, or one would wait for more than it needs.
  auto behind = std::upper_bound(
    reads_.begin(), reads_.end(), index,
    [](std::uint64_t x, const parked_read& y) { return x < y.index; });
  if (applied_.index >= index)
    parts_.readers.post(
      [&state = parts_.state, work = std::move(work)] { work(state); });
  else {
    reads_.insert(behind, {index, std::move(work)});
    parts_.writer.hurry();
  }
}

// -- ending -------------------------------------------------------------------

void shard::stop(error why) {
  if (!*alive_)
    return;
  close();
  failed_ = true;
  tell(tell_.on_stopped, why);
  lead_by(std::nullopt);
}

/// Commands must find the leader all the same.
void shard::overhear(const raft::message& what) {
  using kind = raft::message::kind;
  if ((what.what != kind::append && what.what != kind::install)
      || what.term < overheard_)
    return;
  overheard_at_ = parts_.time.steady_now();
  if (leader_ == what.peer)
    return;
  overheard_ = what.term;
  leader_ = what.peer;
  tell(tell_.on_leader, leader_);
}

void shard::close() {
  parts_.writer.hurry();
  *alive_ = failed_ = false;
  hashing_.reset();
  ready_ = leading_ = false;
  forget_waiters();
}

/// They hold actors, which hold this shard.
void shard::forget_waiters() {
  mark_wanted_ = false;
  book_.reset();
  open_.clear();
  open_waiters_.clear();
  proposals_.clear();
  in_flight_bytes_ = 0;
  reads_.clear();
}

} // namespace iris::cluster
