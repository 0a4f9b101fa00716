#include "apps/bench/traffic.hpp"

#include "base/clock.hpp"

namespace iris::bench {

namespace {

/// A UUIDv7 that tells which message it is, so that an acknowledgement can be
/// checked without remembering ids.
message_id make_id(std::uint32_t lane, std::uint64_t number) {
  auto ms = static_cast<std::uint64_t>(system_clock().wall_now().ms);
  message_id out;
  auto& x = out.octets;
  for (unsigned i = 0; i < 6; ++i)
    x[i] = static_cast<std::uint8_t>(ms >> (8 * (5 - i)));
  x[6] = 0x70;
  x[8] = 0x80;
  for (unsigned i = 0; i < 2; ++i)
    x[9 + i] = static_cast<std::uint8_t>(lane >> (8 * (1 - i)));
  for (unsigned i = 0; i < 5; ++i)
    x[11 + i] = static_cast<std::uint8_t>(number >> (8 * (4 - i)));
  return out;
}

std::uint64_t number_in(const message_id& x) {
  std::uint64_t out = 0;
  for (unsigned i = 11; i < 16; ++i)
    out = out << 8 | x.octets[i];
  return out;
}

user_id user_named(const std::string& text) {
  return *user_id::parse(text);
}

} // namespace

void traffic::populate(fleet& in) {
  auto again = !lanes_.empty();
  lanes_.resize(options_.pairs);
  lanes_by_member_.clear();
  for (std::uint32_t i = 0; i < options_.pairs; ++i) {
    auto n = std::to_string(i);
    auto& x = lanes_[i];
    x.number = i;
    x.sender = &in.add(user_named(options_.name + "-s" + n));
    x.receiver = &in.add(user_named(options_.name + "-r" + n));
    lanes_by_member_.insert(lanes_by_member_.end(), 2, i);
    if (again)
      continue;
    x.conversation = direct_conversation(x.sender->who(), x.receiver->who());
    x.seen = x.echoed = stream_checker{i};
  }
}

std::vector<member*> traffic::senders() const {
  std::vector<member*> out;
  for (const auto& x : lanes_)
    out.push_back(x.sender);
  return out;
}

std::vector<member*> traffic::receivers() const {
  std::vector<member*> out;
  for (const auto& x : lanes_)
    out.push_back(x.receiver);
  return out;
}

void traffic::submit(lane& on, std::uint64_t at_ns) {
  protocol::send x;
  auto number = ++on.submitted;
  ++submitted_;
  x.id = make_id(on.number, number);
  x.to = on.receiver->who();
  x.body = make_body({on.number, number, at_ns}, options_.body_bytes);
  // As every client does that wants its order kept: docs/protocol.md.
  if (!on.sent_ns.empty())
    x.after = on.last;
  on.last = x.id;
  on.sent_ns.push_back(at_ns);
  on.sender->send(std::move(x));
}

void traffic::sent(member& by, const protocol::sent& what) {
  auto& on = lane_of(by);
  auto number = number_in(what.id);
  if (on.sent_ns.empty() || number != on.acknowledged + 1
      || what.seq.value != number || what.conversation != on.conversation
      || what.duplicate) {
    ++elsewhere_.misplaced;
    return;
  }
  if (measuring)
    acknowledged_ns.record(now_ns() - on.sent_ns.front());
  on.sent_ns.pop_front();
  on.acknowledged = number;
  ++acknowledged_;
  if (on_acknowledged)
    on_acknowledged(on);
}

void traffic::received(member& at, const protocol::item& what) {
  auto& on = lane_of(at);
  if (what.conversation != on.conversation || what.from != on.sender->who()) {
    ++elsewhere_.misplaced;
    return;
  }
  auto own = &at == on.sender;
  auto& stream = own ? on.echoed : on.seen;
  auto before = stream.received();
  auto told = stream.receive(what.body, what.seq.value);
  (own ? echoed_ : arrived_) += stream.received() - before;
  if (told && measuring && !own)
    delivered_ns.record(now_ns() - told->sent_ns);
}

std::string traffic::progress() const {
  return std::to_string(submitted_) + " sent, " + std::to_string(acknowledged_)
         + " acknowledged, " + std::to_string(arrived_) + " delivered";
}

faults traffic::finish() const {
  auto out = elsewhere_;
  for (const auto& x : lanes_) {
    out = out + x.seen.finish(x.submitted);
    if (options_.echo)
      out = out + x.echoed.finish(x.submitted);
  }
  return out;
}

} // namespace iris::bench
