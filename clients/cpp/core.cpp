#include "clients/cpp/core.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace iris::client {

namespace {

/// Whether bytes could not be split into frames.
bool is_framing(errc code) {
  return code == errc::bad_frame || code == errc::frame_too_large;
}

} // namespace

std::string_view to_string(state x) noexcept {
  constexpr std::string_view names[] = {
    "idle",           "waiting", "connecting", "greeting",
    "authenticating", "open",    "draining",   "stopped"};
  return names[static_cast<std::size_t>(x)];
}

core::core(options with, sink& to, random_source random)
  : options_(std::move(with)), sink_(to), random_(random), inbox_(options_),
    outbox_(options_, random_), requests_(options_),
    backoff_(options_.backoff_base, options_.backoff_max),
    endpoints_(options_.endpoints, random_) {
  IRIS_ASSERT(options_.token && !options_.device.empty()
              && options_.in_flight_max > 0);
}

bool core::linked() const noexcept {
  return state_ == state::greeting || state_ == state::authenticating
         || state_ == state::open || state_ == state::draining;
}

std::uint32_t core::on_wire() const noexcept {
  return static_cast<std::uint32_t>(outbox_.on_wire() + requests_.on_wire());
}

void core::enter(iris::client::state next, nanoseconds now) {
  state_ = next;
  now_ = entered_ = now;
}

// -- beginning and ending -----------------------------------------------------

void core::start(nanoseconds now, timestamp wall) {
  if (state_ != state::idle && state_ != state::stopped)
    return;
  now_ = now;
  ids_.set_clock(wall, now);
  expired_once_ = false;
  refusal_ = {};
  backoff_.reset();
  dial();
}

void core::stop() {
  if (state_ == state::idle || state_ == state::stopped)
    return;
  sink_.close();
  forget_link();
  events_.clear();
  next_event_ = 0;
  state_ = state::stopped;
}

void core::dial() {
  ready_at_ = nanoseconds::max();
  enter(state::connecting, now_);
  endpoint_ = endpoints_.next();
  sink_.connect(endpoint_);
}

void core::link_up(nanoseconds now) {
  if (state_ != state::connecting)
    return;
  enter(state::greeting, now);
  heard_ = now;
  pings_ = pongs_ = 0;
  protocol::hello out;
  out.agent = options_.agent;
  write(out);
}

void core::link_down(error reason, nanoseconds now) {
  if (state_ != state::connecting && !linked())
    return;
  now_ = now;
  if (is_framing(reason.code))
    emit(protocol_error{reason});
  if (state_ == state::draining)
    lose({errc::draining, goaway_.reason}, goaway_.retry_after_ms);
  else
    lose(std::move(reason));
  deliver();
}

void core::violated(error what) {
  emit(protocol_error{what});
  close_and_lose(std::move(what));
}

void core::close_and_lose(error reason, std::uint32_t retry_after_ms) {
  sink_.close();
  lose(std::move(reason), retry_after_ms);
}

void core::lose(error reason, std::uint32_t retry_after_ms) {
  // A connection that lasted longer than the wait it cost was a good one.
  if (now_ - ready_at_ > backoff_.ceiling()) {
    backoff_.reset();
    in_vain_ = 0;
  }
  nanoseconds hint = std::chrono::milliseconds{retry_after_ms};
  auto let_go = state_ == state::draining;
  if (let_go)
    away_until_ =
      std::max(away_until_, now_ + std::min(hint, backoff::hint_max));
  // All endpoints are tried before the wait grows: another may be well.
  auto others_left =
    (let_go || state_ == state::connecting) && ++in_vain_ < endpoints_.size();
  if (!others_left)
    in_vain_ = 0;
  // The next one may be any that let us go.
  hint = std::max(hint, away_until_ - now_);
  auto delay = others_left             ? backoff_.short_jitter(random_)
               : hint > nanoseconds{0} ? backoff_.after_hint(hint, random_)
                                       : backoff_.full_jitter(random_);
  forget_link();
  enter(state::waiting, now_);
  retry_at_ = now_ + delay;
  emit(disconnected{std::move(reason), delay, endpoint_, others_left});
}

void core::forget_link() {
  outbox_.disconnected();
  requests_.disconnected();
}

void core::halt(error reason) {
  sink_.close();
  forget_link();
  enter(state::stopped, now_);
  emit(stopped{std::move(reason)});
}

// -- time ---------------------------------------------------------------------

void core::tick(nanoseconds now) {
  if (state_ == state::idle || state_ == state::stopped)
    return;
  now_ = now;
  if (state_ == state::waiting && now >= retry_at_)
    dial();
  else if (state_ == state::connecting
           && now >= entered_ + options_.connect_timeout)
    close_and_lose({errc::timed_out, "expected to be connected in time"});
  else if (linked())
    tick_link();
  expire_requests();
  flush(now);
  pump();
  deliver();
}

void core::tick_link() {
  if (state_ == state::greeting || state_ == state::authenticating) {
    if (now_ >= entered_ + options_.handshake_timeout)
      close_and_lose({errc::timed_out, "expected an answer while "
                                         + std::string{to_string(state_)}});
    return;
  }
  if (now_ >= heard_ + 2 * heartbeat_)
    return close_and_lose({errc::timed_out, "expected a sign of life"});
  if (state_ == state::draining) {
    if (now_ >= entered_ + options_.drain_timeout)
      close_and_lose({errc::draining, goaway_.reason}, goaway_.retry_after_ms);
    return;
  }
  if (outbox_.stuck(now_))
    return close_and_lose({errc::timed_out, "expected an answer to each "
                                            "submission in time"});
  outbox_.release(now_);
  if (now_ >= said_ + heartbeat_)
    write(protocol::ping{++pings_});
}

void core::expire_requests() {
  auto late = requests_.expire(now_);
  error why{errc::deadline_exceeded, "no answer came in time"};
  if (refusal_)
    why.context += "; the node's last refusal: " + to_string(refusal_);
  for (auto n : late.list)
    emit(refused{n, why});
  if (late.on_wire && linked())
    close_and_lose({errc::timed_out, "expected an answer to each request in "
                                     "time"});
}

core::nanoseconds core::next_deadline() const noexcept {
  auto out = requests_.deadline();
  auto before = [&out](nanoseconds x) { out = std::min(out, x); };
  switch (state_) {
  case state::idle:
  case state::stopped:
    return nanoseconds::max();
  case state::waiting:
    before(retry_at_);
    break;
  case state::connecting:
    before(entered_ + options_.connect_timeout);
    break;
  case state::greeting:
  case state::authenticating:
    before(entered_ + options_.handshake_timeout);
    break;
  case state::draining:
    before(entered_ + options_.drain_timeout);
    before(heard_ + 2 * heartbeat_);
    break;
  case state::open:
    before(heard_ + 2 * heartbeat_);
    before(said_ + heartbeat_);
    before(outbox_.deadline());
    break;
  }
  return out;
}

// -- output -------------------------------------------------------------------

void core::pump() {
  while (state_ == state::open && on_wire() < window_) {
    const auto* frame = requests_.next();
    if (frame == nullptr)
      frame = outbox_.next(now_);
    if (frame == nullptr)
      return;
    write(*frame);
  }
}

void core::flush(nanoseconds now) {
  if (state_ != state::open && state_ != state::draining)
    return;
  now_ = now;
  if (auto upto = inbox_.take_ack())
    write(protocol::ack{*upto});
}

void core::write(const protocol::client_frame& frame) {
  said_ = now_;
  sink_.write(frame);
}

void core::deliver() {
  if (std::exchange(delivering_, true))
    return;
  while (next_event_ < events_.size()) {
    auto what = std::move(events_[next_event_++]);
    if (const auto* item = std::get_if<message>(&what))
      inbox_.delivered(item->offset);
    sink_.handle(std::move(what));
  }
  events_.clear();
  next_event_ = 0;
  delivering_ = false;
}

} // namespace iris::client
