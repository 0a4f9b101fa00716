#include "cluster/raft/core.hpp"

#include "base/assert.hpp"
#include "cluster/raft/library.hpp"

#include <algorithm>

namespace iris::cluster::raft {

namespace {

using namespace std::chrono_literals;
using persistence::hard_state;
using persistence::log_change;
using persistence::log_entry;
using persistence::log_floor;

iris_raft_options to_library(const options& x) {
  auto ms = [](std::chrono::milliseconds y) {
    return static_cast<unsigned>(y.count());
  };
  return {ms(x.election_timeout), ms(x.heartbeat), ms(x.install_timeout),
          x.inflight_entries_max};
}

/// What the library puts into those of its own.
std::shared_ptr<const std::string> empty_barrier() {
  static const auto out = std::make_shared<const std::string>(8, '\0');
  return out;
}

} // namespace

void core::deleter::operator()(iris_raft* raft) const {
  iris_raft_free(raft);
}

core::core(node_id self, std::uint64_t seed, options with)
  : self_(self), options_(with),
    raft_(iris_raft_new(self.value, static_cast<unsigned>(seed),
                        to_library(with))) {
  IRIS_ASSERT(raft_ != nullptr);
}

core::~core() = default;

void core::begin(std::chrono::nanoseconds now) {
  now_ = std::max(now_, now);
  update_ = {};
  outgoing_.clear();
  stale_ = false;
  before_ = stands();
}

result<update> core::start(std::chrono::nanoseconds now,
                           persistence::loaded_log log) {
  if (auto ok = check(log); !ok)
    return ok.failure();
  begin(now);
  tail_.reset(log.floor, log.first_index, log.entries);
  commit_ = log.floor.index;
  auto entries = library::view(log.entries);
  iris_raft_log all{
    log.state.term,  log.state.vote, library::view(log.floor),
    log.first_index, entries.data(), static_cast<unsigned>(entries.size())};
  iris_raft_update out;
  auto status = iris_raft_start(raft_.get(), milliseconds(), &all, &out);
  role_ = role();
  if (auto ok = took(status, out); !ok)
    return ok.failure();
  return finish();
}

result<update> core::tick(std::chrono::nanoseconds now) {
  begin(now);
  ticked_ = now_;
  // For the library that is no time to stand, and the next is far.
  auto unready = doubted_ && iris_raft_deadline(raft_.get()) <= milliseconds()
                 && iris_raft_last_stored(raft_.get()) < last_index();
  iris_raft_update out;
  auto status = iris_raft_tick(raft_.get(), milliseconds(), &out);
  if (auto ok = took(status, out); !ok)
    return ok.failure();
  if (unready)
    stand_at(now_ + options_.heartbeat / 4);
  return finish();
}

std::chrono::nanoseconds core::deadline() const {
  if (lone_voter())
    return std::chrono::nanoseconds::max();
  // Rule 12: the library's deadline may stay in the past.
  return std::max<std::chrono::nanoseconds>(
    std::chrono::milliseconds{iris_raft_deadline(raft_.get())},
    ticked_ + std::max<std::chrono::nanoseconds>(options_.heartbeat / 4, 1ms));
}

result<update> core::persisted(std::chrono::nanoseconds now,
                               std::uint64_t ticket) {
  begin(now);
  auto index = outbox_.arrived(ticket);
  // Rule 4: strictly increasing.
  if (index > iris_raft_last_stored(raft_.get())) {
    iris_raft_update out;
    auto status = iris_raft_persisted(raft_.get(), milliseconds(), index, &out);
    if (auto ok = took(status, out); !ok)
      return ok.failure();
  }
  return finish();
}

result<update> core::submit(std::chrono::nanoseconds now, entry_type type,
                            std::shared_ptr<const std::string> payload) {
  IRIS_ASSERT(type != entry_type::configuration);
  begin(now);
  if (role() != raft::role::leader || transferring())
    return error{errc::not_leader, "expected a leader that stays one"};
  if (auto ok = put(type, std::move(payload)); !ok)
    return ok.failure();
  return finish();
}

result<void> core::put(entry_type type,
                       std::shared_ptr<const std::string> payload) {
  log_entry entry{state().term, static_cast<std::uint8_t>(type),
                  std::move(payload)};
  auto shown = library::view(entry);
  iris_raft_update out;
  auto status = iris_raft_submit(raft_.get(), milliseconds(), &shown, &out);
  return took(status, out, {&entry, 1});
}

result<update> core::change(std::chrono::nanoseconds now,
                            const configuration& next, std::uint64_t revision) {
  begin(now);
  if (auto ok = may_change(next); !ok)
    return ok.failure();
  auto bytes = std::make_shared<const std::string>(encode(next, revision));
  if (auto ok = put(entry_type::configuration, std::move(bytes)); !ok)
    return ok.failure();
  return finish();
}

result<update> core::catch_up(std::chrono::nanoseconds now, node_id who) {
  begin(now);
  if (role() != raft::role::leader)
    return error{errc::not_leader, "expected the leader"};
  auto all = servers();
  if (find(all, who) == nullptr || votes(all, who))
    return error{errc::not_found, "expected a server that is no voter"};
  if (iris_raft_promotee(raft_.get()) != 0)
    return error{errc::unavailable, "expected nobody else to catch up"};
  if (!caught_up(who)) {
    iris_raft_update out;
    auto status =
      iris_raft_catch_up(raft_.get(), milliseconds(), who.value, &out);
    if (auto ok = took(status, out); !ok)
      return ok.failure();
  }
  return finish();
}

bool core::caught_up(node_id who) const {
  // A round ends when the library hears of a new entry: not for one that has
  // them all when it begins.
  return iris_raft_caught_up(raft_.get(), who.value)
         || iris_raft_match(raft_.get(), who.value) == last_index();
}

result<update> core::transfer(std::chrono::nanoseconds now, node_id to) {
  begin(now);
  if (role() != raft::role::leader)
    return error{errc::not_leader, "expected the leader"};
  if (transferring())
    return error{errc::unavailable, "leadership is being handed over"};
  auto all = servers();
  auto others = voters(all) - (votes(all, self_) ? 1 : 0);
  if (to.value == 0 ? others == 0 : to == self_ || !votes(all, to))
    return error{errc::not_found, "expected another voter of the group"};
  iris_raft_update out;
  auto status = iris_raft_transfer(raft_.get(), milliseconds(), to.value, &out);
  if (auto ok = took(status, out); !ok)
    return ok.failure();
  return finish();
}

void core::doubt(std::chrono::nanoseconds now, node_id peer,
                 std::chrono::nanoseconds then) {
  begin(now);
  if (role() != raft::role::follower || leader() != peer)
    return;
  doubted_ = true;
  stand_at(then);
}

void core::stand(std::chrono::nanoseconds now, std::chrono::nanoseconds then) {
  begin(now);
  stand_at(then);
}

void core::stand_at(std::chrono::nanoseconds then) {
  iris_raft_stand_at(
    raft_.get(),
    static_cast<std::uint64_t>(
      std::chrono::floor<std::chrono::milliseconds>(then).count()));
}

bool core::transferring() const {
  return iris_raft_transferee(raft_.get()) != 0;
}

bool core::heard(std::chrono::nanoseconds now, node_id who) const {
  auto found = heard_.find(who);
  return found != heard_.end()
         && now - found->second <= options_.election_timeout;
}

bool core::abreast(node_id who) const {
  return iris_raft_match(raft_.get(), who.value) >= commit_;
}

std::uint64_t core::had_by_all() const {
  auto out = last_index();
  if (role() != raft::role::leader)
    return out;
  for (const auto& x : servers())
    if (x.id != self_)
      out = std::min(out, iris_raft_match(raft_.get(), x.id.value));
  return out;
}

result<update> core::compacted(std::chrono::nanoseconds now,
                               const log_floor& floor,
                               std::uint64_t keep_from) {
  begin(now);
  // Rule 13: never above what is committed and durable, nor backwards.
  IRIS_ASSERT(floor.index <= commit_ && keep_from <= floor.index + 1);
  if (floor.index > tail_.floor().index) {
    IRIS_ASSERT(floor.term == tail_.term_of(floor.index));
    if (auto ok = cut(floor.index, keep_from); !ok)
      return ok.failure();
  }
  return finish();
}

result<update> core::forget(std::chrono::nanoseconds now, std::uint64_t index) {
  begin(now);
  IRIS_ASSERT(index <= commit_);
  // To the library it is the same as a log that was cut.
  if (index > tail_.floor().index)
    if (auto ok = cut(index, index + 1); !ok)
      return ok.failure();
  return finish();
}

result<void> core::cut(std::uint64_t index, std::uint64_t keep_from) {
  auto floor = tail_.floor_at(index);
  auto shown = library::view(floor);
  iris_raft_update out;
  auto status =
    iris_raft_compacted(raft_.get(), milliseconds(), &shown,
                        static_cast<unsigned>(index + 1 - keep_from), &out);
  if (auto ok = took(status, out); !ok)
    return ok;
  tail_.cut(std::move(floor), iris_raft_first_index(raft_.get()));
  return {};
}

result<void> core::took(int status, const iris_raft_update& what,
                        entries_view given) {
  if (status != 0)
    return library::failure(status);
  auto was = std::exchange(role_, role());
  if (role_ == raft::role::leader && was != role_) {
    leading_since_ = now_;
    heard_.clear();
  }
  if (was == raft::role::follower && role_ == raft::role::leader) {
    // Rule 10: the only voter of a new configuration elects itself in a term
    // that somebody else may have led.
    iris_raft_next_term(raft_.get());
    change_of_update().state = state();
  }
  if (what.hard_state)
    change_of_update().state = state();
  if (what.barrier) {
    log_entry barrier{state().term,
                      static_cast<std::uint8_t>(entry_type::barrier),
                      empty_barrier()};
    record(what.first_index, {&barrier, 1});
  } else if (what.first_index > 0) {
    record(what.first_index, given.subspan(what.entry_skip, what.entry_count));
  }
  for (std::uint32_t i = 0; i < what.message_count; ++i)
    send(what.messages[i]);
  return {};
}

void core::record(std::uint64_t first, entries_view entries) {
  tail_.append(first, entries);
  auto& out = change_of_update();
  if (out.first_index == 0 || first < out.first_index) {
    out.first_index = first;
    out.entries.clear();
  }
  out.entries.resize(first - out.first_index);
  out.entries.insert(out.entries.end(), entries.begin(), entries.end());
}

log_change& core::change_of_update() {
  if (!update_.change)
    update_.change.emplace();
  return *update_.change;
}

result<update> core::finish() {
  if (auto ok = confirm_changes(); !ok)
    return ok.failure();
  if (auto ok = begin_term(); !ok)
    return ok.failure();
  if (update_.change) {
    const auto& x = *update_.change;
    update_.ticket =
      outbox_.leaves(x.state.has_value(), x.first_index, x.entries.size());
  }
  for (auto& x : outgoing_)
    outbox_.add(std::move(x));
  outgoing_.clear();
  update_.messages = outbox_.take();
  auto durable = std::min(iris_raft_commit_index(raft_.get()),
                          iris_raft_last_stored(raft_.get()));
  update_.commit = durable > commit_;
  commit_ = std::max(commit_, durable);
  update_.role = stands() != before_;
  return std::move(update_);
}

result<void> core::confirm_changes() {
  // Rule 9: the library is told of each change that has committed.
  auto change = iris_raft_uncommitted(raft_.get());
  if (change == 0 || change > iris_raft_commit_index(raft_.get()))
    return {};
  return confirm(change);
}

result<void> core::confirm(std::uint64_t change) {
  auto bytes = library::view(*tail_.at(change).payload);
  iris_raft_update out;
  auto status =
    iris_raft_configured(raft_.get(), milliseconds(), change, &bytes, &out);
  return took(status, out);
}

result<void> core::begin_term() {
  auto term = state().term;
  if (role() != raft::role::leader || own_term_ == term)
    return {};
  own_term_ = term;
  own_first_ = last_index();
  if (tail_.term_of(own_first_) == term)
    return {};
  // Rule 8: only an entry of its own tells a leader what has committed (Raft
  // paper, section 8); the library forgets it if it sees nothing to commit.
  ++own_first_;
  return put(entry_type::barrier, empty_barrier());
}

hard_state core::state() const {
  return {iris_raft_term(raft_.get()), iris_raft_vote(raft_.get())};
}

raft::role core::role() const {
  switch (iris_raft_role(raft_.get())) {
  case IRIS_RAFT_LEADER:
    return raft::role::leader;
  case IRIS_RAFT_CANDIDATE:
    return raft::role::candidate;
  default:
    return raft::role::follower;
  }
}

std::optional<node_id> core::leader() const {
  auto id = iris_raft_leader(raft_.get());
  return id == 0 ? std::nullopt : std::optional{node_id{id}};
}

configuration core::servers() const {
  configuration out;
  std::uint64_t id = 0;
  std::uint8_t role = 0;
  for (unsigned i = 0; iris_raft_server(raft_.get(), i, &id, &role); ++i)
    out.push_back({{id}, static_cast<server_role>(role)});
  return out;
}

bool core::lone_voter() const {
  std::uint64_t id = 0;
  std::uint8_t role = 0;
  return this->role() == raft::role::leader
         && !iris_raft_server(raft_.get(), 1, &id, &role);
}

core::standing core::stands() const {
  return {role(), state().term, leader()};
}

std::uint64_t core::milliseconds() const {
  return static_cast<std::uint64_t>(now_.count()) / 1'000'000;
}

} // namespace iris::cluster::raft
