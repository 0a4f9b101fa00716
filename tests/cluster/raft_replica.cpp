#include "tests/cluster/raft_replica.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace iris::test {

using namespace cluster::raft;
using persistence::loaded_log;
using persistence::log_change;
using persistence::log_entry;

namespace {

const shard_id shard{1};

std::uint64_t end_of(const loaded_log& log) {
  return log.first_index + log.entries.size() - 1;
}

/// As persistence::log_store does it.
void put(loaded_log& disk, const log_change& what, std::size_t entries_max) {
  if (what.state)
    disk.state = *what.state;
  if (what.floor)
    disk.floor = *what.floor;
  for (; disk.first_index < what.keep_from && !disk.entries.empty();
       ++disk.first_index)
    disk.entries.erase(disk.entries.begin());
  disk.first_index = std::max(disk.first_index, what.keep_from);
  if (what.first_index == 0)
    return;
  IRIS_ASSERT(what.first_index >= disk.first_index
              && what.first_index <= end_of(disk) + 1);
  disk.entries.resize(what.first_index - disk.first_index);
  auto n = std::min(what.entries.size(), entries_max);
  disk.entries.insert(disk.entries.end(), what.entries.begin(),
                      what.entries.begin() + static_cast<std::ptrdiff_t>(n));
}

} // namespace

void raft_replica::begin_with(const configuration& first) {
  put(core::bootstrap(shard, first), ~std::size_t{0});
}

void raft_replica::put(const log_change& what, std::size_t entries_max) {
  test::put(disk_, what, entries_max);
}

void raft_replica::start(std::chrono::nanoseconds now, std::uint64_t seed) {
  // It fell between the state and the log's floor.
  if (durable_.at.index > disk_.floor.index)
    put(core::installed(shard, disk_, durable_.at), 0);
  if (auto first = core::before_start(id(), disk_))
    disk_.state = *first;
  check_log();
  state_ = durable_;
  core_ = std::make_unique<core>(id(), seed, parts_.with);
  led_term_ = 0;
  settle(core_->start(now, disk_));
}

void raft_replica::stop() {
  core_.reset();
  writes_.clear();
  submitted_.clear();
  cutting_ = false;
}

std::pair<std::uint64_t, configuration> raft_replica::latest_servers() const {
  auto index = disk_.floor.configuration_index;
  auto bytes = disk_.floor.configuration;
  auto look = [&](std::uint64_t first, const auto& entries) {
    for (std::size_t i = 0; i < entries.size(); ++i)
      if (is(entries[i], entry_type::configuration)) {
        index = first + i;
        bytes = *entries[i].payload;
      }
  };
  look(disk_.first_index, disk_.entries);
  for (const auto& x : writes_)
    look(x.change.first_index, x.change.entries);
  auto out = decode_configuration(bytes);
  return {index, out ? *out : configuration{}};
}

void raft_replica::receive(std::chrono::nanoseconds now, const message& what) {
  settle(core_->receive(now, what));
}

void raft_replica::tick(std::chrono::nanoseconds now) {
  settle(core_->tick(now));
}

bool raft_replica::submit(std::chrono::nanoseconds now, std::string payload) {
  auto out =
    core_->submit(now, entry_type::command,
                  std::make_shared<const std::string>(std::move(payload)));
  if (!out)
    return false;
  submitted_[core_->last_index()] = core_->state().term;
  settle(std::move(out));
  return true;
}

bool raft_replica::change(std::chrono::nanoseconds now,
                          const configuration& next) {
  auto out = core_->change(now, next, core_->state().term);
  auto well = bool(out);
  if (well)
    settle(std::move(out));
  return well;
}

bool raft_replica::catch_up(std::chrono::nanoseconds now, node_id who) {
  auto out = core_->catch_up(now, who);
  auto well = bool(out);
  if (well)
    settle(std::move(out));
  return well;
}

bool raft_replica::transfer(std::chrono::nanoseconds now, node_id to) {
  auto out = core_->transfer(now, to);
  auto well = bool(out);
  if (well)
    settle(std::move(out));
  return well;
}

void raft_replica::settle(result<update> what) {
  if (!what)
    throw violation{"error", to_string(what.failure())};
  check(*what);
  if (what->change)
    writes_.push_back({std::move(*what->change), what->ticket, {}});
  if (what->install) {
    // What is on its way to the disk gets there, and nobody is told.
    core_.reset();
    submitted_.clear();
    parts_.fetch(*what->install);
    return;
  }
  for (const auto& x : what->messages) {
    if (parts_.judge.strict)
      check_message(x);
    parts_.send(x);
  }
  apply();
  if (!cutting_ && state_.at.index >= disk_.floor.index + parts_.cut_after) {
    cutting_ = true;
    writes_.push_back({{}, 0, state_});
  }
}

void raft_replica::check(const update& what) {
  const auto& log = *core_;
  if (what.change && what.change->first_index > 0) {
    auto first = what.change->first_index;
    if (first <= state_.at.index)
      throw violation{"committed entry replaced", std::to_string(first)};
    for (auto i = first; i <= log.last_index(); ++i) {
      auto before = i - 1 >= log.first_index() ? log.entry(i - 1).term : 0;
      parts_.judge.appended(id(), i, log.entry(i), before);
    }
  }
  auto term = log.state().term;
  if (log.role() == role::leader && std::exchange(led_term_, term) != term)
    parts_.judge.leads(id(), log);
  check_servers();
  if (parts_.judge.strict && log.role() == role::leader)
    check_leader();
}

/// What was on the disk before is a log, too.
void raft_replica::check_log() const {
  auto before = disk_.first_index > disk_.floor.index ? disk_.floor.term : 0;
  for (std::size_t i = 0; i < disk_.entries.size(); ++i) {
    const auto& x = disk_.entries[i];
    parts_.judge.appended(id(), disk_.first_index + i, x, before);
    before = x.term;
  }
}

/// A leader has its own vote, and its log ends with its own term.
void raft_replica::check_leader() const {
  auto state = core_->state();
  if (state.vote != id().value)
    throw violation{"leader without its vote", std::to_string(state.term)};
  if (core_->last_index() >= core_->first_index()
      && core_->entry(core_->last_index()).term != state.term)
    throw violation{"leader without an entry", std::to_string(state.term)};
}

/// What it says stands on its disk.
void raft_replica::check_message(const message& x) const {
  using kind = message::kind;
  const auto& on_disk = disk_.state;
  auto well = true;
  switch (x.what) {
  case kind::append:
  case kind::install:
  case kind::timeout_now:
    well = on_disk.term >= x.term;
    for (std::size_t i = 0; i < x.entries.size(); ++i)
      if (is(x.entries[i], entry_type::configuration))
        well = well && durable(x.prev_index + 1 + i, x.entries[i].term);
    break;
  case kind::append_result:
    well = on_disk.term >= x.term
           && (x.rejected > 0 || x.last_index <= end_of(disk_));
    break;
  case kind::vote:
    well = x.pre_vote || on_disk.term > x.term
           || (on_disk.term == x.term && on_disk.vote == id().value);
    break;
  case kind::vote_result:
    well = x.pre_vote || !x.granted || on_disk.term > x.term
           || (on_disk.term == x.term && on_disk.vote == x.peer.value);
    break;
  }
  if (!well)
    throw violation{"said before it was durable",
                    "node " + std::to_string(id().value) + ", message "
                      + std::to_string(static_cast<int>(x.what))};
}

bool raft_replica::durable(std::uint64_t index, std::uint64_t term) const {
  if (index <= disk_.floor.index)
    return true;
  return index <= end_of(disk_)
         && disk_.entries[index - disk_.first_index].term == term;
}

/// The latest configuration of its log is the one that it goes by.
void raft_replica::check_servers() const {
  const auto& log = *core_;
  for (auto i = log.last_index(); i >= log.first_index(); --i) {
    if (!is(log.entry(i), entry_type::configuration))
      continue;
    if (*decode_configuration(*log.entry(i).payload) != log.servers())
      throw violation{"configuration",
                      "node " + std::to_string(id().value)
                        + " goes by another one than that of entry "
                        + std::to_string(i)};
    return;
  }
}

void raft_replica::apply() {
  while (state_.at.index < core_->commit_index()) {
    auto i = state_.at.index + 1;
    const auto& x = core_->entry(i);
    if (parts_.judge.strict && !durable(i, x.term))
      throw violation{"applied before it was durable", std::to_string(i)};
    state_.at.index = i;
    state_.at.term = x.term;
    if (is(x, entry_type::configuration)) {
      state_.at.configuration = *x.payload;
      state_.at.configuration_index = i;
    }
    state_.hash = raft_judge::chain(state_.hash, x);
    parts_.judge.applied(id(), i, core_->state().term, x, state_.hash);
    if (auto mine = submitted_.find(i); mine != submitted_.end()) {
      if (mine->second == x.term)
        parts_.judge.acknowledged(i, x);
      submitted_.erase(mine);
    }
  }
}

void raft_replica::write(std::chrono::nanoseconds now) {
  auto what = std::move(writes_.front());
  writes_.pop_front();
  ++written_;
  put(what.change, ~std::size_t{0});
  if (what.state) {
    durable_ = *what.state;
    cutting_ = false;
    if (up())
      cut(now, durable_);
  } else if (what.ticket > 0 && up()) {
    settle(core_->persisted(now, what.ticket));
    if (up() && parts_.forgets && core_->lone_voter())
      settle(core_->forget(now, state_.at.index));
  }
}

void raft_replica::cut(std::chrono::nanoseconds now,
                       const raft_state& durable) {
  log_change out;
  out.floor = durable.at;
  auto end = durable.at.index + 1;
  out.keep_from = end > parts_.trailing ? end - parts_.trailing : 1;
  settle(core_->compacted(now, *out.floor, out.keep_from));
  if (up())
    writes_.push_back({std::move(out), 0, {}});
}

void raft_replica::write_some(random_source& random) {
  auto whole = random.below(writes_.size() + 1);
  for (const auto& x : writes_) {
    if (whole == 0) {
      // The first half of a batch.
      if (random.chance(50) && !x.state)
        put(x.change, random.below(x.change.entries.size() + 1));
      break;
    }
    --whole;
    put(x.change, ~std::size_t{0});
    if (x.state)
      durable_ = *x.state;
  }
  writes_.clear();
}

void raft_replica::install(std::chrono::nanoseconds now,
                           const raft_state& fetched, std::uint64_t seed,
                           bool log_follows) {
  while (!writes_.empty())
    write(now);
  if (fetched.at.index > durable_.at.index) {
    parts_.judge.fetched(id(), fetched.at.index, fetched.hash);
    durable_ = fetched;
    if (log_follows)
      put(core::installed(shard, disk_, fetched.at), 0);
  }
  start(now, seed);
}

} // namespace iris::test
