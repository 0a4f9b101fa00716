#include "clients/cpp/core.hpp"

#include "protocol/codec.hpp"

#include <algorithm>

/// What the core does with each frame of the node.
namespace iris::client {

using namespace std::chrono_literals;

namespace {

using nanoseconds = std::chrono::nanoseconds;

/// A node may ask for a heartbeat in this range; 0 leaves it to us.
constexpr std::chrono::milliseconds heartbeat_min = 10ms;
constexpr std::chrono::milliseconds heartbeat_max = 10min;
constexpr std::chrono::milliseconds heartbeat_default = 25s;

constexpr unsigned in(state x) {
  return 1U << static_cast<unsigned>(x);
}

constexpr unsigned linked_states = in(state::greeting)
                                   | in(state::authenticating) | in(state::open)
                                   | in(state::draining);

/// The states in which a frame is legal: the table of docs/protocol.md.
template <class Frame>
constexpr unsigned legal_in = in(state::open) | in(state::draining);
template <>
constexpr unsigned legal_in<protocol::welcome> = in(state::greeting);
template <>
constexpr unsigned legal_in<protocol::ready> = in(state::authenticating);
template <>
constexpr unsigned legal_in<protocol::failed> = linked_states;
template <>
constexpr unsigned legal_in<protocol::ping> = linked_states;
template <>
constexpr unsigned legal_in<protocol::pong> = linked_states;
template <>
constexpr unsigned legal_in<protocol::goaway> = linked_states
                                                & ~in(state::draining);

/// Whether another connection would get the same answer.
bool permanent(errc code) {
  switch (code) {
  case errc::version_unsupported:
  case errc::unauthenticated:
  case errc::token_invalid:
  case errc::forbidden:
  case errc::too_many_devices:
  case errc::device_removed:
  case errc::replaced:
    return true;
  default:
    return false;
  }
}

nanoseconds heartbeat_of(const protocol::welcome& x) {
  if (x.heartbeat_ms == 0)
    return heartbeat_default;
  return std::clamp(std::chrono::milliseconds{x.heartbeat_ms}, heartbeat_min,
                    heartbeat_max);
}

error check(const protocol::welcome& x) {
  if (x.version < protocol::version_min || x.version > protocol::version_max)
    return {errc::version_unsupported,
            "welcome.version: expected " + std::to_string(protocol::version_min)
              + " to " + std::to_string(protocol::version_max) + ", found "
              + std::to_string(x.version)};
  if (x.in_flight_max == 0)
    return {errc::bad_field, "welcome.in_flight_max: expected at least 1"};
  return {};
}

} // namespace

// -- frames -------------------------------------------------------------------

void core::receive(std::string_view frame, nanoseconds now) {
  if (!linked())
    return; // It crossed with our close.
  auto decoded = protocol::decode_server(frame);
  if (decoded)
    return receive(*std::move(decoded), now);
  now_ = heard_ = now;
  // Later versions of a node may say more: what we don't know is no concern
  // of ours.
  if (decoded.failure().code == errc::unknown_type)
    return;
  violated(std::move(decoded).failure());
  deliver();
}

void core::receive(protocol::server_frame frame, nanoseconds now) {
  if (!linked())
    return;
  now_ = heard_ = now;
  auto name = protocol::type_name(frame);
  std::visit(
    [this, name]<class Frame>(Frame&& x) {
      if (legal_in<std::remove_cvref_t<Frame>> & in(state_))
        return on(std::move(x));
      violated({errc::illegal_state, "expected no " + std::string{name}
                                       + " while "
                                       + std::string{to_string(state_)}});
    },
    std::move(frame));
  drained();
  pump();
  deliver();
}

void core::on(protocol::welcome&& x) {
  if (auto wrong = check(x))
    return violated(std::move(wrong));
  ids_.set_clock(x.time_ms, now_);
  window_ = std::min(options_.in_flight_max, x.in_flight_max);
  frame_max_ = x.frame_max;
  heartbeat_ = heartbeat_of(x);
  protocol::auth out{options_.token(), options_.device};
  if (!well_formed(out))
    return halt({errc::token_invalid,
                 "expected a token of at most "
                   + std::to_string(protocol::limits::token_bytes_max)
                   + " bytes from the callback"});
  enter(state::authenticating, now_);
  write(out);
}

void core::on(protocol::ready&& x) {
  if (x.device != options_.device)
    return violated({errc::bad_field, "ready.device: expected "
                                        + options_.device.str() + ", found "
                                        + x.device.str()});
  if (!user_.empty() && user_ != x.user)
    return halt(
      {errc::token_invalid, "expected a token of the same user as before"});
  resume(x);
}

void core::resume(const protocol::ready& x) {
  auto lost = inbox_.open(x);
  if (!lost)
    return violated(std::move(lost).failure());
  enter(state::open, now_);
  ready_at_ = now_;
  expired_once_ = false;
  refusal_ = {};
  user_ = x.user;
  outbox_.bind(user_);
  for (const auto& id : outbox_.limit(frame_max_))
    emit(iris::client::failed{
      id,
      {errc::frame_too_large, "expected a submission of at most "
                                + std::to_string(frame_max_) + " bytes"}});
  write(protocol::sync{inbox_.safe(), options_.inbox_window});
  flush(now_);
  emit(connected{x.user, x.head, endpoint_});
  if (*lost)
    emit(skipped{(*lost)->first, (*lost)->second});
}

void core::on(protocol::items&& x) {
  auto had = inbox_.receive(x);
  if (!had)
    return violated(std::move(had).failure());
  for (auto i = *had; i < x.list.size(); ++i)
    emit(message{{x.first.value + i}, std::move(x.list[i])});
}

void core::on(protocol::live&& x) {
  if (auto known = inbox_.receive(x); !known)
    return violated(known.failure());
  emit(x);
}

void core::on(protocol::sent&& x) {
  if (auto known = outbox_.answered(x); !known)
    return violated(known.failure());
  refusal_ = {};
  emit(x);
}

template <class Answer>
void core::on(Answer&& x) {
  answer what{std::move(x)};
  if (auto known = requests_.answered(what); !known)
    return violated(known.failure());
  std::visit([this](auto& y) { emit(std::move(y)); }, what);
}

void core::on(protocol::failed&& x) {
  if (x.id && state_ != state::greeting && state_ != state::authenticating)
    fail_submission(x);
  else if (x.n && state_ != state::greeting && state_ != state::authenticating)
    fail_request(x);
  else if (!x.fatal && linked())
    return violated({errc::bad_field, "expected an error to be fatal or to "
                                      "name what failed: "
                                        + to_string(error{x.code, x.text})});
  if (x.fatal && linked())
    end_by_node(x);
}

void core::fail_submission(const protocol::failed& x) {
  auto known = outbox_.failed(x, now_);
  if (!known)
    return violated(std::move(known).failure());
  error why{x.code, x.text, x.retry_after_ms};
  if (known->final)
    return emit(iris::client::failed{*x.id, std::move(why)});
  if (!known->pause)
    return;
  refusal_ = why;
  emit(delayed{*x.id, std::move(why), *known->pause});
}

void core::fail_request(const protocol::failed& x) {
  if (auto known = requests_.answered(x); !known)
    return violated(known.failure());
  emit(refused{*x.n, {x.code, x.text, x.retry_after_ms}});
}

void core::end_by_node(const protocol::failed& x) {
  error why{x.code, x.text, x.retry_after_ms};
  // A new token may be had: once.
  auto renew =
    x.code == errc::token_expired && !std::exchange(expired_once_, true);
  if (permanent(x.code) || (x.code == errc::token_expired && !renew))
    return halt(std::move(why));
  if (retryable(why.code))
    refusal_ = why;
  close_and_lose(std::move(why), x.retry_after_ms);
}

void core::on(protocol::goaway&& x) {
  goaway_ = std::move(x);
  endpoints_.learn(goaway_.nodes, random_);
  enter(state::draining, now_);
}

/// The node stops: we leave as soon as it has answered.
void core::drained() {
  if (state_ == state::draining && on_wire() == 0)
    close_and_lose({errc::draining, goaway_.reason}, goaway_.retry_after_ms);
}

void core::on(protocol::ping&& x) {
  write(protocol::pong{x.n});
}

void core::on(protocol::pong&& x) {
  if (pongs_ == pings_ || x.n != pongs_ + 1)
    return violated({errc::bad_field, "pong.n: expected that of a ping"});
  ++pongs_;
}

} // namespace iris::client
