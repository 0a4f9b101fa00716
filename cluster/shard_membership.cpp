#include "cluster/shard.hpp"

#include <algorithm>

namespace iris::cluster {

namespace {

using namespace std::chrono_literals;

/// How often a leader looks whether its group is where it is wanted: the first
/// while something is under way.
constexpr auto steer_soon = 100ms;
constexpr auto steer_idle = 1s;

} // namespace

void shard::place(const placement& wanted) {
  if (wanted_ == wanted)
    return;
  wanted_ = wanted;
  steer_later(0ms);
}

void shard::hand_over() {
  leaving_ = true;
  steer_later(0ms);
}

void shard::steer_later(std::chrono::milliseconds delay) {
  if (!core_ || !*alive_ || (steering_ && delay > 0ms))
    return;
  steering_ = true;
  parts_.home.after(delay, guarded([this, turn = ++turns_] {
                      if (turn == turns_)
                        steer();
                    }));
}

void shard::steer() {
  steering_ = false;
  if (!core_ || core_->role() != raft::role::leader
      || (wanted_.voters.empty() && !leaving_))
    return;
  // What was staged while leadership was handed over in vain.
  flush();
  auto busy = leaving_ ? core_->transferring() : !core_->may_change();
  busy = busy || carry_out(restate(next_step(view(), wanted_)));
  steer_later(busy ? steer_soon : steer_idle);
}

/// What a placement drops is free once a committed configuration of its
/// revision does without it: no leader after that follows an older placement.
/// If nothing else is to change, the same servers are proposed again for that.
/// Precondition: no change is under way, an entry of this term is committed.
relocation_step shard::restate(relocation_step next) const {
  if (leaving_)
    return next;
  if (wanted_.revision < revision())
    return {}; // It has yet to hear of the newest.
  if (wanted_.revision > revision() && !wanted_.dropped.empty()
      && !std::holds_alternative<change_to>(next))
    return change_to{core_->servers()};
  return next;
}

std::uint64_t shard::revision() const {
  return raft::revision_of(configurations_.back().bytes);
}

group_view shard::view() const {
  auto now = parts_.time.steady_now();
  group_view out{parts_.self, core_->servers()};
  for (const auto& x : out.servers) {
    if (core_->heard(now, x.id))
      out.heard.insert(x.id);
    if (core_->abreast(x.id))
      out.abreast.insert(x.id);
    if (x.role != raft::server_role::voter && core_->caught_up(x.id))
      out.caught_up.insert(x.id);
  }
  out.tried = tried_;
  out.rested = now >= rested_at_;
  out.leaving = leaving_;
  return out;
}

/// Whether there was anything to do.
bool shard::carry_out(const relocation_step& what) {
  auto now = parts_.time.steady_now();
  std::optional<result<raft::update>> begun;
  if (auto* change = std::get_if<change_to>(&what)) {
    submit_open(); // It has its index already.
    begun = core_->change(now, change->next, wanted_.revision);
  } else if (auto* up = std::get_if<bring_up>(&what)) {
    tried_ = up->who;
    begun = core_->catch_up(now, up->who);
  } else if (auto* over = std::get_if<hand_over_to>(&what)) {
    rested_at_ = now + parts_.rest;
    begun = core_->transfer(now, over->who);
  }
  if (!begun)
    return leaving_;
  if (!*begun && begun->failure().code == errc::bad_field)
    return leaving_; // More than a group may have: the map asks too much.
  // Who had caught up may lack what was just submitted: once more, then.
  if (*begun || begun->failure().code != errc::unavailable)
    take(*std::move(begun));
  return true;
}

void shard::tell_servers(const placed_configuration& what) {
  if (auto servers = raft::decode_configuration(what.bytes))
    tell(tell_.on_servers, group_servers{what.index, *std::move(servers),
                                         raft::revision_of(what.bytes)});
}

void shard::note_configuration(std::uint64_t index,
                               const persistence::log_entry& entry) {
  if (raft::is(entry, raft::entry_type::configuration))
    configurations_.push_back({index, *entry.payload});
}

placed_configuration shard::configuration_at(std::uint64_t index) const {
  auto found =
    std::find_if(configurations_.rbegin(), configurations_.rend(),
                 [index](const auto& x) { return x.index <= index; });
  return found == configurations_.rend() ? placed_configuration{} : *found;
}

} // namespace iris::cluster
