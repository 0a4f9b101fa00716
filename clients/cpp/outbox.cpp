#include "clients/cpp/outbox.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace iris::client {

namespace {

/// What an entry weighs besides what the user gave: more than keys, ids and
/// names take in its frame.
constexpr std::size_t entry_bytes = 512;

std::size_t bytes_of(const std::vector<user_id>& x) {
  std::size_t out = 0;
  for (const auto& y : x)
    out += sizeof(user_id) + y.str().size();
  return out;
}

/// Never less than the frame's encoded size.
std::size_t bytes_of(const protocol::client_frame& x) {
  if (const auto* send = std::get_if<protocol::send>(&x))
    return entry_bytes + send->body.size();
  if (const auto* create = std::get_if<protocol::group_create>(&x))
    return entry_bytes + create->title.size() + bytes_of(create->members);
  if (const auto* add = std::get_if<protocol::group_add>(&x))
    return entry_bytes + bytes_of(add->users);
  if (const auto* remove = std::get_if<protocol::group_remove>(&x))
    return entry_bytes + bytes_of(remove->users);
  return entry_bytes;
}

/// Whether the same submission may succeed later: codes that we don't know go
/// by their hundreds.
bool passes(errc code) {
  return static_cast<unsigned>(code) / 100 == 4
         || static_cast<unsigned>(code) / 100 == 5;
}

error unknown(const message_id& id) {
  return {errc::bad_field, "expected an answer to what is unanswered, found "
                           "one to "
                             + id.str()};
}

} // namespace

// -- filling ------------------------------------------------------------------

result<void> outbox::push(const message_id& id, protocol::client_frame what) {
  auto bytes = bytes_of(what);
  if (bytes > frame_bytes_max_)
    return error{errc::frame_too_large, "expected a submission of at most "
                                          + std::to_string(frame_bytes_max_)
                                          + " bytes"};
  if (index_.size() >= options_.queued_max
      || bytes_ + bytes > options_.queued_bytes_max)
    return error{errc::overloaded, "expected at most "
                                     + std::to_string(options_.queued_max)
                                     + " unanswered submissions of "
                                     + std::to_string(options_.queued_bytes_max)
                                     + " bytes in all"};
  bytes_ += bytes;
  auto& x = unbound_.emplace_back();
  x.frame = std::move(what);
  x.id = id;
  x.bytes = bytes;
  x.order = next_order_++;
  index_.emplace(id, std::prev(unbound_.end()));
  if (!me_.empty())
    enter_lane(std::prev(unbound_.end()));
  return {};
}

void outbox::bind(const user_id& me) {
  IRIS_ASSERT(me_.empty() || me_ == me);
  me_ = me;
  while (!unbound_.empty())
    enter_lane(unbound_.begin());
}

std::vector<message_id> outbox::limit(std::uint32_t frame_bytes_max) {
  IRIS_ASSERT(wire_.empty());
  frame_bytes_max_ = frame_bytes_max;
  std::vector<message_id> out;
  for (auto& x : index_)
    if (x.second->bytes > frame_bytes_max_)
      out.push_back(x.first);
  std::sort(out.begin(), out.end());
  for (const auto& id : out)
    remove(index_.at(id));
  return out;
}

conversation_id outbox::conversation_of(const entry& x) const {
  if (const auto* send = std::get_if<protocol::send>(&x.frame))
    return send->to ? direct_conversation(me_, *send->to) : *send->conversation;
  if (std::holds_alternative<protocol::group_create>(x.frame))
    return group_conversation(me_, x.id);
  if (const auto* add = std::get_if<protocol::group_add>(&x.frame))
    return add->conversation;
  if (const auto* rest = std::get_if<protocol::group_remove>(&x.frame))
    return rest->conversation;
  return std::get<protocol::group_leave>(x.frame).conversation;
}

void outbox::enter_lane(entries::iterator x) {
  auto where = conversation_of(*x);
  auto& to =
    lanes_
      .try_emplace(where, where,
                   backoff{options_.backoff_base, options_.backoff_max})
      .first->second;
  x->home = &to;
  to.list.splice(to.list.end(), unbound_, x);
  if (to.next == to.list.end())
    to.next = x;
  wake(to);
}

// -- sending ------------------------------------------------------------------

bool outbox::may_send(const lane& x) const {
  if (x.held || x.next == x.list.end())
    return false;
  if (x.next == x.list.begin())
    return true;
  // All before `next` are on the wire.
  return std::holds_alternative<protocol::send>(x.next->frame)
         && x.next->refused_behind != std::prev(x.next)->serial;
}

void outbox::wake(lane& x) {
  if (!x.queued && may_send(x)) {
    x.queued = true;
    runnable_.push_back(&x);
  }
}

std::optional<outbox::nanoseconds>
outbox::hold(lane& x, std::uint32_t retry_after_ms, nanoseconds now) {
  if (std::exchange(x.held, true))
    return std::nullopt;
  std::chrono::milliseconds hint{retry_after_ms};
  auto pause = x.pause.after_hint(hint, random_);
  timers_.emplace(now + pause, &x);
  return pause;
}

void outbox::release(nanoseconds now) {
  while (!timers_.empty() && timers_.begin()->first <= now) {
    auto* x = timers_.begin()->second;
    timers_.erase(timers_.begin());
    x->held = false;
    wake(*x);
    forget_if_empty(*x);
  }
}

void outbox::forget_if_empty(lane& x) {
  if (x.list.empty() && !x.queued && !x.held)
    lanes_.erase(conversation_id{x.conversation});
}

const protocol::client_frame* outbox::next(nanoseconds now) {
  while (!runnable_.empty()) {
    auto* x = runnable_.front();
    runnable_.pop_front();
    x->queued = false;
    if (may_send(*x)) {
      const auto& frame = x->next->frame;
      put_on_wire(*x, now);
      wake(*x);
      return &frame;
    }
    forget_if_empty(*x);
  }
  return nullptr;
}

void outbox::put_on_wire(lane& x, nanoseconds now) {
  auto& what = *x.next;
  if (auto* send = std::get_if<protocol::send>(&what.frame)) {
    send->after.reset();
    if (x.next != x.list.begin())
      send->after = std::prev(x.next)->id;
  }
  what.on_wire = true;
  what.serial = next_serial_++;
  what.since = now;
  what.wire = wire_.insert(wire_.end(), &what);
  while (x.next != x.list.end() && x.next->on_wire)
    ++x.next;
}

void outbox::take_off_wire(entries::iterator x) {
  auto& home = *x->home;
  wire_.erase(x->wire);
  x->on_wire = false;
  if (home.next == home.list.end() || x->order < home.next->order)
    home.next = x;
}

void outbox::disconnected() {
  wire_.clear();
  for (auto& x : std::exchange(runnable_, {})) {
    x->queued = false;
    forget_if_empty(*x);
  }
  std::vector<lane*> all;
  for (auto& [id, x] : lanes_) {
    for (auto& y : x.list)
      y.on_wire = false;
    x.next = x.list.begin();
    if (!x.list.empty())
      all.push_back(&x);
  }
  // Not in the order of a hash table: the oldest goes first.
  std::sort(all.begin(), all.end(), [](const lane* a, const lane* b) {
    return a->list.front().order < b->list.front().order;
  });
  for (auto* x : all)
    wake(*x);
}

// -- answers ------------------------------------------------------------------

result<outbox::entries::iterator> outbox::find(const message_id& id) const {
  auto i = index_.find(id);
  if (i == index_.end() || !i->second->on_wire)
    return unknown(id);
  return i->second;
}

result<void> outbox::answered(const protocol::sent& x) {
  auto found = find(x.id);
  if (!found)
    return std::move(found).failure();
  auto& home = *(*found)->home;
  if (x.conversation != home.conversation)
    return error{errc::bad_field, "sent.conv: expected "
                                    + home.conversation.str() + ", found "
                                    + x.conversation.str()};
  home.pause.reset();
  remove(*found);
  return {};
}

result<outbox::verdict> outbox::failed(const protocol::failed& x,
                                       nanoseconds now) {
  auto found = find(*x.id);
  if (!found)
    return std::move(found).failure();
  if (x.code == errc::out_of_order) {
    if (auto known = out_of_order(*found); !known)
      return known.failure();
    return verdict{};
  }
  if (!passes(x.code)) {
    remove(*found);
    return verdict{.final = true, .pause = {}};
  }
  auto& home = *(*found)->home;
  take_off_wire(*found);
  return verdict{.final = false, .pause = hold(home, x.retry_after_ms, now)};
}

/// The one before it was refused, or is on its way no more: it follows that
/// one again.
result<void> outbox::out_of_order(entries::iterator x) {
  const auto* send = std::get_if<protocol::send>(&x->frame);
  if (send == nullptr || !send->after)
    return error{errc::bad_field, "expected out_of_order only for a send with "
                                  "`after`, found it for "
                                    + x->id.str()};
  auto& home = *x->home;
  x->refused_behind = 0;
  if (x != home.list.begin()) {
    const auto& before = *std::prev(x);
    if (before.id == send->after && before.on_wire && before.serial < x->serial)
      x->refused_behind = before.serial;
  }
  take_off_wire(x);
  wake(home);
  return {};
}

void outbox::remove(entries::iterator x) {
  auto& home = *x->home;
  if (x->on_wire)
    take_off_wire(x);
  if (home.next == x)
    ++home.next;
  while (home.next != home.list.end() && home.next->on_wire)
    ++home.next;
  index_.erase(x->id);
  bytes_ -= x->bytes;
  home.list.erase(x);
  wake(home);
  forget_if_empty(home);
}

// -- time ---------------------------------------------------------------------

bool outbox::stuck(nanoseconds now) const noexcept {
  return !wire_.empty()
         && wire_.front()->since + options_.answer_timeout <= now;
}

outbox::nanoseconds outbox::deadline() const noexcept {
  auto out = nanoseconds::max();
  if (!timers_.empty())
    out = timers_.begin()->first;
  if (!wire_.empty())
    out = std::min<nanoseconds>(out,
                                wire_.front()->since + options_.answer_timeout);
  return out;
}

} // namespace iris::client
