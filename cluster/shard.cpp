#include "cluster/shard.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace iris::cluster {

namespace {

using persistence::loaded_log;
using persistence::log_change;

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
  : parts_(with), tell_(std::move(tell)), core_(with.self, with.seed) {
  // nop
}

void shard::start(loaded_log log, persistence::applied_point applied) {
  applied_ = committed_ = applied.index;
  log_change change;
  change.shard = parts_.id;
  if (log.entries.empty() && log.floor.index == 0) {
    change = raft::core::bootstrap(parts_.id, {{parts_.self}});
    log = begin_with(change);
  }
  change.state = raft::core::before_start(parts_.self, log);
  IRIS_ASSERT(change.state.has_value());
  log.state = *change.state;
  parts_.log.submit(std::move(change), parts_.home,
                    guarded([this, log](const result<void>& durable) {
                      if (!durable)
                        return stop(durable.failure());
                      started(log);
                    }));
}

void shard::started(const loaded_log& log) {
  configuration_ = log.floor.configuration;
  configuration_index_ = log.floor.configuration_index;
  last_ = log.first_index + log.entries.size() - 1;
  if (applied_ < log.floor.index || applied_ > last_)
    return stop({errc::corrupt,
                 "the state store has applied entry " + std::to_string(applied_)
                   + ", expected one from " + std::to_string(log.floor.index)
                   + " to " + std::to_string(last_)
                   + ": log/ and state/ are not from the same moment"});
  for (std::size_t i = 0; i < log.entries.size(); ++i) {
    auto index = log.first_index + i;
    const auto& x = log.entries[i];
    if (index > applied_) {
      entries_.push_back({index, x, {}, {}});
      pending_bytes_ += x.payload->size();
    } else if (is(x, raft::entry_type::configuration)) {
      configuration_ = *x.payload;
      configuration_index_ = index;
    }
  }
  take(core_.start(parts_.time.steady_now(), log));
}

void shard::take(result<raft::update> what) {
  if (!what)
    return stop(what.failure());
  auto commits = what->commit;
  if (what->change) {
    append(*what->change);
    persist(std::move(*what->change), what->ticket);
  }
  if (commits)
    commit();
}

void shard::append(const log_change& what) {
  for (const auto& x : what.entries) {
    entries_.push_back({++last_, x, {}, {}});
    pending_bytes_ += x.payload->size();
    if (is(x, raft::entry_type::barrier))
      barrier_ = last_;
  }
}

void shard::persist(log_change change, std::uint64_t ticket) {
  change.shard = parts_.id;
  parts_.log.submit(std::move(change), parts_.home,
                    guarded([this, ticket](const result<void>& durable) {
                      if (!durable)
                        return stop(durable.failure());
                      take(core_.persisted(parts_.time.steady_now(), ticket));
                    }));
}

void shard::submit(std::string payload, std::vector<waiter> waiters) {
  take(core_.submit(parts_.time.steady_now(), raft::entry_type::command,
                    std::make_shared<const std::string>(std::move(payload))));
  if (!*alive_)
    return;
  auto& entry = entries_.back();
  entry.waiters = std::move(waiters);
  entry.staged_at = open_since_;
  for (auto& x : entry.waiters)
    if (x.logged)
      std::exchange(x.logged, {})();
}

void shard::stage(const persistence::writes& what, waiter who) {
  if (!*alive_)
    return;
  IRIS_ASSERT(leading_);
  if (open_waiters_.empty())
    open_since_ = parts_.time.steady_now();
  open_ += what.bytes();
  open_waiters_.push_back(std::move(who));
  if (!flush_scheduled_ && !in_flight()) {
    // Later in this turn, so that others can join.
    flush_scheduled_ = true;
    parts_.home.post(guarded([this] { flush(); }));
  }
}

void shard::flush() {
  flush_scheduled_ = false;
  if (in_flight() || open_waiters_.empty() || !leading_
      || pending_bytes_ > unapplied_bytes_max)
    return;
  submit(std::exchange(open_, {}), std::exchange(open_waiters_, {}));
}

void shard::commit() {
  auto to = core_.commit_index();
  for (auto i = entries_.begin(); i != entries_.end() && i->index <= to; ++i) {
    if (i->index <= committed_)
      continue;
    committed_ = i->index;
    apply(*i);
    if (tell_.on_committed && !i->waiters.empty())
      tell_.on_committed(parts_.time.steady_now() - i->staged_at);
    for (auto& x : std::exchange(i->waiters, {}))
      x.committed();
  }
  flush();
}

void shard::apply(const pending_entry& what) {
  static const auto nothing = std::make_shared<const std::string>();
  auto command = is(what.entry, raft::entry_type::command);
  parts_.writer.submit(
    {parts_.id, what.index, what.entry.term,
     command ? what.entry.payload : nothing},
    parts_.home,
    guarded([this](const result<outcome>& done) { applied(done); }));
  if (!leading_ || !reads_.empty())
    parts_.writer.hurry();
}

void shard::applied(const result<outcome>& what) {
  if (!what)
    return stop(what.failure());
  IRIS_ASSERT(!entries_.empty() && entries_.front().index == what->index);
  auto entry = std::move(entries_.front());
  entries_.pop_front();
  applied_ = entry.index;
  pending_bytes_ -= entry.entry.payload->size();
  if (is(entry.entry, raft::entry_type::configuration)) {
    configuration_ = *entry.entry.payload;
    configuration_index_ = applied_;
  }
  take(core_.forget(parts_.time.steady_now(), applied_));
  if (what->synced_index == applied_)
    cut_log(entry);
  while (!reads_.empty() && reads_.front().index <= applied_) {
    auto work = std::move(reads_.front().work);
    reads_.pop_front();
    parts_.readers.post([&state = parts_.state, work] { work(state); });
  }
  flush();
  if (!leading_ && *alive_ && barrier_ != 0 && applied_ >= barrier_) {
    leading_ = true;
    tell_.on_leading();
  }
}

void shard::cut_log(const pending_entry& last) {
  if (cutting_)
    return;
  cutting_ = true;
  log_change change;
  change.shard = parts_.id;
  change.floor = {last.index, last.entry.term, configuration_,
                  configuration_index_};
  change.keep_from = last.index + 1;
  take(
    core_.compacted(parts_.time.steady_now(), *change.floor, change.keep_from));
  parts_.log.submit(std::move(change), parts_.home,
                    guarded([this](const result<void>& durable) {
                      cutting_ = false;
                      if (!durable)
                        stop(durable.failure());
                    }));
}

void shard::read(std::function<void(const persistence::state_store&)> work) {
  read_at(committed_, std::move(work));
}

void shard::read_staged(
  std::function<void(const persistence::state_store&)> work) {
  // What is open will be the next entry.
  read_at(open_waiters_.empty() ? last_ : last_ + 1, std::move(work));
}

void shard::read_at(std::uint64_t index,
                    std::function<void(const persistence::state_store&)> work) {
  // In order of index, or one would wait for more than it needs.
  auto behind = std::upper_bound(
    reads_.begin(), reads_.end(), index,
    [](std::uint64_t x, const parked_read& y) { return x < y.index; });
  if (applied_ >= index)
    parts_.readers.post(
      [&state = parts_.state, work = std::move(work)] { work(state); });
  else {
    reads_.insert(behind, {index, std::move(work)});
    parts_.writer.hurry();
  }
}

void shard::stop(error why) {
  if (!*alive_)
    return;
  close();
  tell_.on_stopped(why);
}

void shard::close() {
  parts_.writer.hurry();
  *alive_ = false;
  leading_ = false;
  // Waiters hold actors, which hold this shard.
  open_waiters_.clear();
  reads_.clear();
  for (auto& x : entries_)
    x.waiters.clear();
}

} // namespace iris::cluster
