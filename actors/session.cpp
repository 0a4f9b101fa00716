#include "actors/session.hpp"

#include "base/assert.hpp"
#include "protocol/codec.hpp"

#include <algorithm>

namespace iris::actors {

namespace {

using protocol::limits;

constexpr unsigned in(session_state x) {
  return 1U << static_cast<unsigned>(x);
}

constexpr unsigned ready_states = in(session_state::authenticated)
                                  | in(session_state::syncing)
                                  | in(session_state::live);
constexpr unsigned handshake_states = in(session_state::connected)
                                      | in(session_state::negotiated)
                                      | in(session_state::attaching);
constexpr unsigned any_open_state =
  handshake_states | ready_states | in(session_state::draining);

/// The states in which a frame is legal: the table of docs/protocol.md.
template <class Frame>
constexpr unsigned legal_in = ready_states;
template <>
constexpr unsigned legal_in<protocol::hello> = in(session_state::connected);
template <>
constexpr unsigned legal_in<protocol::auth> = in(session_state::negotiated);
template <>
constexpr unsigned legal_in<protocol::ack> = in(session_state::syncing)
                                             | in(session_state::live)
                                             | in(session_state::draining);
template <>
constexpr unsigned legal_in<protocol::ping> = any_open_state;
template <>
constexpr unsigned legal_in<protocol::pong> = any_open_state;

std::string_view expected_in(session_state x) {
  switch (x) {
  case session_state::connected:
    return "expected hello";
  case session_state::negotiated:
    return "expected auth";
  case session_state::attaching:
    return "expected to wait for ready";
  case session_state::authenticated:
    return "expected sync before ack, and neither hello nor auth again";
  case session_state::syncing:
  case session_state::live:
    return "expected neither hello nor auth again";
  case session_state::draining:
    return "the node stops: expected a new connection";
  case session_state::closed:
    break;
  }
  return "expected nothing";
}

submission message_of(const protocol::send& x) {
  submission out;
  out.id = x.id;
  out.body = x.body;
  out.to = x.to;
  out.after = x.after;
  out.trace = x.trace;
  return out;
}

submission change_of(const message_id& id, protocol::item_kind kind,
                     std::vector<user_id> users, std::string title) {
  submission out;
  out.id = id;
  out.kind = kind;
  out.users = std::move(users);
  out.title = std::move(title);
  return out;
}

} // namespace

std::string_view to_string(session_state x) noexcept {
  constexpr std::string_view names[] = {
    "connected", "negotiated", "attaching", "authenticated",
    "syncing",   "live",       "draining",  "closed"};
  return names[static_cast<std::size_t>(x)];
}

session::session(const session_options& options, sink& out, node_id node,
                 nanoseconds now)
  : options_(options), out_(out), node_(node), now_(now), entered_(now),
    heard_(now), said_(now),
    outstanding_(*this, static_cast<std::uint64_t>(now.count())),
    sends_(options.sends_per_second) {
  set_deadline();
}

// -- from the client ----------------------------------------------------------

void session::receive(const protocol::client_frame& frame, timestamp wall,
                      nanoseconds now) {
  if (state_ == session_state::closed)
    return;
  wall_ = wall;
  now_ = heard_ = now;
  std::visit(
    [this, &frame]<class Frame>(const Frame& x) {
      if (legal_in<Frame> & in(state_))
        return on(x);
      if (state_ == session_state::draining)
        return; // What crossed with the goaway; the client sends it again.
      fatal(errc::illegal_state, std::string{protocol::type_name(frame)}
                                   + " while " + std::string{to_string(state_)}
                                   + ": " + std::string{expected_in(state_)});
    },
    frame);
  set_deadline();
}

void session::refuse(protocol::failed why, nanoseconds now) {
  if (state_ == session_state::closed)
    return;
  now_ = heard_ = now;
  submissions_ += why.id ? 1 : 0;
  // Before authentication nobody gets a second chance.
  why.fatal =
    why.fatal || !((ready_states | in(session_state::draining)) & in(state_));
  flush();
  say(why);
  if (why.fatal)
    close();
}

void session::on(const protocol::hello& x) {
  if (x.min > protocol::version_max || x.max < protocol::version_min)
    return fatal(errc::version_unsupported,
                 "expected version " + std::to_string(protocol::version_min)
                   + " to " + std::to_string(protocol::version_max));
  protocol::welcome out;
  out.version = std::min(x.max, protocol::version_max);
  out.time_ms = wall_;
  out.heartbeat_ms = static_cast<std::uint32_t>(options_.heartbeat.count());
  enter(session_state::negotiated);
  say(out);
}

void session::on(const protocol::auth& x) {
  auto who = options_.verify(x.token, wall_);
  if (!who)
    return fatal(who.failure().code, who.failure().context);
  if (who->device && *who->device != x.device)
    return fatal(errc::token_invalid,
                 "expected the device that the token was issued for");
  user_ = who->user;
  device_ = x.device;
  expires_ = who->expires;
  enter(session_state::attaching);
  out_.act(attach_device{user_, device_});
}

void session::on(const protocol::sync& x) {
  if (x.from > head_)
    return fatal(errc::bad_field, "sync.from: expected at most "
                                    + std::to_string(head_.value)
                                    + ", the last offset of this inbox");
  // What was removed can't be sent.
  pushed_ = acked_ = std::max(x.from, floor_);
  sent_ = std::max(sent_, pushed_);
  ++syncs_;
  sync_target_.reset();
  window_ = x.window;
  acknowledge(x.from); // An ack may have been lost with a connection.
  enter(session_state::syncing);
}

void session::on(const protocol::ack& x) {
  // Also what was sent before a second sync.
  if (x.offset > sent_)
    return fatal(errc::bad_field, "ack.offset: expected at most "
                                    + std::to_string(sent_.value)
                                    + ", the last offset that was sent");
  if (x.offset <= acked_)
    return;
  acked_ = x.offset;
  acknowledge(acked_);
}

void session::acknowledge(inbox_offset upto) {
  if (upto <= cursor_)
    return;
  auto items = upto.value - cursor_.value;
  cursor_ = upto;
  out_.act(acknowledge_inbox{upto, items});
}

// -- submissions --------------------------------------------------------------

conversation_id session::target_of(const protocol::send& x) const {
  return x.conversation ? *x.conversation : direct_conversation(user_, *x.to);
}

void session::submit_one(conversation_id to, submission what) {
  ++submissions_;
  if (auto wait = sends_.take(now_); wait.count() > 0)
    return refuse_for(wait, what);
  ++collected_count_;
  auto bytes = what.body.size() + what.users.size() * user_id::bytes_max;
  // The last list of this conversation, if it has room.
  auto open =
    std::find_if(collected_.rbegin(), collected_.rend(),
                 [&](const auto& x) { return x.what.conversation == to; });
  if (open == collected_.rend() || open->bytes + bytes > list_bytes_max) {
    collected_.push_back({{to, {}, 0}, 0});
    open = collected_.rbegin();
  }
  open->bytes += bytes;
  open->what.list.push_back(std::move(what));
}

void session::refuse_for(nanoseconds wait, const submission& what) {
  protocol::failed out;
  out.code = errc::rate_limited;
  out.text = "expected at most " + std::to_string(options_.sends_per_second)
             + " submissions a second";
  out.retry_after_ms = static_cast<std::uint32_t>(
    std::chrono::ceil<std::chrono::milliseconds>(wait).count());
  out.id = what.id;
  say(out, what.trace);
}

void session::flush() {
  collected_count_ = 0;
  for (auto& x : std::exchange(collected_, {}))
    outstanding_.add(std::move(x.what), now_ + options_.request_timeout);
  set_deadline();
}

void session::on(const protocol::send& x) {
  submit_one(target_of(x), message_of(x));
}

void session::on(const protocol::batch& x) {
  for (const auto& one : x.sends)
    on(one);
}

void session::on(const protocol::group_create& x) {
  submit_one(
    group_conversation(user_, x.id),
    change_of(x.id, protocol::item_kind::group_created, x.members, x.title));
}

void session::on(const protocol::group_add& x) {
  submit_one(x.conversation,
             change_of(x.id, protocol::item_kind::members_added, x.users, ""));
}

void session::on(const protocol::group_remove& x) {
  submit_one(
    x.conversation,
    change_of(x.id, protocol::item_kind::members_removed, x.users, ""));
}

void session::on(const protocol::group_leave& x) {
  submit_one(x.conversation,
             change_of(x.id, protocol::item_kind::member_left, {}, ""));
}

void session::answered(
  std::uint64_t tag,
  std::vector<std::variant<protocol::sent, protocol::failed>> answers,
  nanoseconds now) {
  outstanding_.answered(tag, std::move(answers), now);
  finish_drain();
  set_deadline();
}

void session::refused(std::uint64_t tag, const error& why, nanoseconds now) {
  outstanding_.refused(tag, why, now);
  finish_drain();
  set_deadline();
}

void session::lost(std::uint64_t tag, const error& why, nanoseconds now) {
  outstanding_.lost(tag, why, now);
  finish_drain();
  set_deadline();
}

void session::ask(outstanding::command what) {
  std::visit([this](auto& x) { out_.act(std::move(x)); }, what);
}

// -- requests -----------------------------------------------------------------

template <class Frame>
void session::ask_for(const Frame& x) {
  flush(); // It may be about what was just submitted.
  outstanding_.add(x, x.n, now_ + options_.request_timeout);
}

void session::on(const protocol::history& x) {
  ask_for(x);
}

void session::on(const protocol::conversations& x) {
  ask_for(x);
}

void session::on(const protocol::roster& x) {
  ask_for(x);
}

void session::on(const protocol::devices& x) {
  ask_for(x);
}

void session::on(const protocol::device_remove& x) {
  ask_for(x);
}

void session::on(const protocol::status& x) {
  outstanding_.add(x, now_ + options_.request_timeout);
}

std::optional<std::uint64_t> session::take_request(std::uint64_t tag) {
  return outstanding_.take_request(tag);
}

void session::status_answered(std::uint64_t tag,
                              const protocol::user_status& what) {
  outstanding_.status_answered(tag, what);
  finish_drain();
}

// -- inbox --------------------------------------------------------------------

void session::attached(const error& refused, inbox_offset cursor,
                       inbox_offset floor, inbox_offset head) {
  if (state_ != session_state::attaching)
    return;
  if (refused)
    return fatal(refused.code, refused.context, refused.retry_after_ms);
  cursor_ = cursor;
  floor_ = floor;
  head_ = head;
  enter(session_state::authenticated);
  say(protocol::ready{user_, device_, cursor, floor, head});
}

bool session::wants_head() const noexcept {
  return state_ == session_state::syncing && !sync_target_;
}

std::uint32_t session::may_pull() const noexcept {
  if (state_ != session_state::syncing && state_ != session_state::live)
    return 0;
  auto open = pushed_ > acked_ ? pushed_.value - acked_.value : 0;
  return open >= window_ ? 0 : static_cast<std::uint32_t>(window_ - open);
}

void session::pushed(inbox_offset first, std::size_t count, inbox_offset head) {
  pushed_ = std::max(pushed_, inbox_offset{first.value + count - 1});
  sent_ = std::max(sent_, pushed_);
  head_ = std::max(head_, head);
  said_ = now_;
  if (wants_head())
    sync_target_ = head;
  if (state_ == session_state::syncing && pushed_ >= *sync_target_) {
    enter(session_state::live);
    say(protocol::live{*sync_target_});
  }
}

// -- either way ---------------------------------------------------------------

void session::on(const protocol::ping& x) {
  say(protocol::pong{x.n});
}

void session::on(const protocol::pong&) {
  // Its arrival is all that it says.
}

// -- ending -------------------------------------------------------------------

void session::cut_off(const error& why) {
  if (state_ != session_state::closed)
    fatal(why.code, why.context, why.retry_after_ms);
}

void session::drain(std::string reason, std::uint32_t retry_after_ms,
                    std::vector<std::string> nodes) {
  if (state_ == session_state::closed || state_ == session_state::draining)
    return;
  flush();
  outstanding_.stop_retrying();
  enter(session_state::draining);
  say(protocol::goaway{std::move(reason), retry_after_ms, std::move(nodes)});
  finish_drain();
}

void session::finish_drain() {
  if (state_ == session_state::draining && in_flight() == 0)
    close();
}

void session::fatal(errc code, std::string text, std::uint32_t retry_after_ms) {
  flush();
  protocol::failed out;
  out.code = code;
  out.text = std::move(text);
  out.retry_after_ms = retry_after_ms;
  out.fatal = true;
  say(out);
  close();
}

void session::close() {
  enter(session_state::closed);
  outstanding_.clear();
  collected_.clear();
  collected_count_ = 0;
  out_.close();
}

void session::say(const protocol::server_frame& what, std::string_view trace) {
  said_ = now_;
  out_.send(what, trace);
}

void session::enter(session_state next) {
  state_ = next;
  entered_ = now_;
}

// -- time ---------------------------------------------------------------------

void session::tick(timestamp wall, nanoseconds now) {
  if (state_ == session_state::closed)
    return;
  wall_ = wall;
  now_ = now;
  if ((in(state_)&handshake_states)
      && now >= entered_ + options_.handshake_timeout) {
    if (state_ == session_state::attaching)
      return fatal(errc::unavailable,
                   "nobody serves this inbox for now: "
                   "connect again",
                   1000);
    return fatal(errc::timed_out,
                 std::string{expected_in(state_)} + " within "
                   + std::to_string(options_.handshake_timeout.count())
                   + " ms");
  }
  if (now >= heard_ + options_.idle_timeout)
    return fatal(errc::timed_out, "expected a frame at least every "
                                    + std::to_string(options_.heartbeat.count())
                                    + " ms");
  if (user_ != user_id{} && wall >= expires_)
    return fatal(errc::token_expired, "expected a new connection with a new "
                                      "token");
  outstanding_.tick(now);
  finish_drain();
  if (state_ != session_state::closed && now >= said_ + options_.heartbeat)
    say(protocol::ping{});
  set_deadline();
}

void session::set_deadline() {
  deadline_ = std::min<nanoseconds>(heard_ + options_.idle_timeout,
                                    said_ + options_.heartbeat);
  if (in(state_)&handshake_states)
    deadline_ =
      std::min<nanoseconds>(deadline_, entered_ + options_.handshake_timeout);
  deadline_ = std::min(deadline_, outstanding_.next_deadline());
  if (user_ != user_id{}) {
    // More than the idle time-out is no deadline, and might overflow.
    std::chrono::milliseconds left{std::clamp<std::int64_t>(
      expires_.ms - wall_.ms, 0, options_.idle_timeout.count())};
    deadline_ = std::min<nanoseconds>(deadline_, now_ + left);
  }
}

} // namespace iris::actors
