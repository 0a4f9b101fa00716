#include "tests/client/model_node.hpp"

#include <algorithm>

namespace iris::client {

namespace {

user_id me() {
  return *user_id::parse("alice");
}

device_id phone() {
  return *device_id::parse("phone");
}

} // namespace

void model_node::connect() {
  ++connection_;
  linked = true;
  draining_ = synced_ = live_ = false;
  in_flight_ = 0;
  out.clear();
}

void model_node::cut() {
  linked = false;
  out.clear();
}

void model_node::receive(const protocol::client_frame& frame) {
  if (linked)
    std::visit([this](const auto& x) { on(x); }, frame);
}

template <class Frame>
void model_node::on(const Frame&) {
  complaints.push_back("a frame that this model does not know");
}

void model_node::on(const protocol::hello&) {
  protocol::welcome x;
  x.time_ms = {1'735'689'600'000};
  x.heartbeat_ms = 1000;
  in_flight_max_ = x.in_flight_max =
    static_cast<std::uint32_t>(1 + random_.below(8));
  out.push_back(x);
}

void model_node::on(const protocol::auth&) {
  if (fault()) {
    protocol::failed x;
    x.code = errc::unavailable;
    x.fatal = true;
    x.retry_after_ms = 5;
    out.push_back(x);
    linked = false;
    return;
  }
  out.push_back(protocol::ready{me(), phone(), {cursor_}, {0}, {inbox.size()}});
}

void model_node::on(const protocol::sync& x) {
  if (x.from.value > inbox.size())
    complaints.push_back("sync above the head");
  pushed_ = acked_ = x.from.value;
  window_ = x.window;
  head_at_sync_ = inbox.size();
  synced_ = true;
}

void model_node::on(const protocol::ack& x) {
  if (x.offset.value > pushed_)
    complaints.push_back("ack above what was sent");
  acked_ = std::max(acked_, x.offset.value);
  cursor_ = std::max(cursor_, x.offset.value);
}

void model_node::on(const protocol::ping& x) {
  out.push_back(protocol::pong{x.n});
}

void model_node::on(const protocol::send& x) {
  if (draining_)
    return;
  if (++in_flight_ > in_flight_max_)
    complaints.push_back("more unanswered than agreed");
  auto where =
    x.conversation ? *x.conversation : direct_conversation(me(), *x.to);
  commands_[where].push_back({x, connection_});
}

void model_node::drain() {
  if (linked && synced_ && !draining_) {
    draining_ = true;
    out.push_back(protocol::goaway{"restart", 20});
  }
}

bool model_node::may_push() const {
  return linked && synced_
         && (pushed_ < std::min<std::uint64_t>(inbox.size(), acked_ + window_)
             || (!live_ && pushed_ >= head_at_sync_));
}

bool model_node::step() {
  bool busy = !commands_.empty();
  if (may_push() && (!busy || random_.chance(50)))
    push();
  else if (busy)
    work();
  else
    return false;
  return true;
}

void model_node::push() {
  if (!live_ && pushed_ >= head_at_sync_) {
    live_ = true;
    out.push_back(protocol::live{{head_at_sync_}});
    return;
  }
  auto last = std::min<std::uint64_t>(inbox.size(), acked_ + window_);
  last = std::min(last, pushed_ + 1 + random_.below(4));
  // Some of it may come again.
  auto first = pushed_ + 1;
  if (fault())
    first -= std::min<std::uint64_t>(pushed_, random_.below(4));
  protocol::items x{{first}, {}};
  for (auto i = first; i <= last; ++i)
    x.list.push_back(inbox[i - 1]);
  pushed_ = last;
  out.push_back(std::move(x));
}

/// Conversations work on their own, each in order.
void model_node::work() {
  auto i = commands_.begin();
  std::advance(i, random_.below(commands_.size()));
  auto next = std::move(i->second.front());
  i->second.pop_front();
  auto where = i->first;
  if (i->second.empty())
    commands_.erase(i);
  auto answer = settle(next.what, where);
  if (next.connection == connection_ && linked) {
    --in_flight_;
    out.push_back(std::move(answer));
  }
}

protocol::failed model_node::refuse(const message_id& id, errc code) {
  protocol::failed x;
  x.code = code;
  x.text = "no";
  x.id = id;
  x.retry_after_ms = static_cast<std::uint32_t>(random_.below(20));
  return x;
}

protocol::server_frame model_node::settle(const protocol::send& x,
                                          const conversation_id& where) {
  if (fault())
    return refuse(x.id, random_.chance(70) ? errc::overloaded : errc::internal);
  if (auto known = answers_.find(x.id); known != answers_.end()) {
    auto again = known->second;
    again.duplicate = true;
    return again;
  }
  if (x.after && !answers_.contains(*x.after))
    return refuse(x.id, errc::out_of_order);
  if (fault())
    return refuse(x.id, errc::not_a_member);
  auto& log = logs[where];
  log.push_back(x.id);
  protocol::item item;
  item.conversation = where;
  item.seq = {log.size()};
  item.from = me();
  item.device = phone();
  item.id = x.id;
  item.body = x.body;
  inbox.push_back(item);
  protocol::sent out_frame{x.id, where, item.seq, {}, false};
  answers_[x.id] = out_frame;
  // Committed, and nobody knows.
  if (fault())
    return refuse(x.id, errc::deadline_exceeded);
  return out_frame;
}

void model_node::write_to_user() {
  protocol::item item;
  item.from = *user_id::parse("bob");
  item.device = phone();
  item.id = make_message_id({1'735'689'600'000}, random_);
  item.conversation = direct_conversation(me(), item.from);
  item.seq = {1};
  item.body = std::to_string(inbox.size());
  inbox.push_back(item);
}

} // namespace iris::client
