#include "tests/client/stage.hpp"

#include "protocol/codec.hpp"

#include <map>

namespace iris::client {

namespace {

/// 2025-01-01T00:00:00Z.
constexpr timestamp wall{1'735'689'600'000};

} // namespace

options stage::one_endpoint() {
  options out;
  out.endpoints = {"tcp://node:1"};
  out.device = *device_id::parse("phone");
  out.token = [] { return "token"; };
  return out;
}

stage::stage(options with) : core(std::move(with), *this, random_source{1}) {
  core.start(now, wall);
}

void stage::link_up() {
  up_ = true;
  core.link_up(now);
}

void stage::cut() {
  up_ = false;
  core.link_down({errc::no_connection, "cut"}, now);
}

void stage::greet(protocol::welcome with) {
  if (with.time_ms.ms == 0)
    with.time_ms = wall;
  link_up();
  node(std::move(with));
}

void stage::open(std::uint64_t head) {
  greet();
  node(
    protocol::ready{user("alice"), *device_id::parse("phone"), {}, {}, {head}});
}

void stage::pass(std::chrono::nanoseconds duration) {
  auto until = now + duration;
  while (core.next_deadline() <= until) {
    // A deadline in the past that stays there would be a busy loop.
    auto before = core.next_deadline();
    now = std::max(now, before);
    core.tick(now);
    if (core.next_deadline() <= now)
      throw std::logic_error("expected tick() to deal with the deadline");
  }
  now = until;
}

void stage::await_dial() {
  auto before = dialled.size();
  while (dialled.size() == before)
    pass(std::chrono::milliseconds{1});
}

protocol::items stage::page(std::uint64_t first, std::uint64_t last) {
  protocol::items out{{first}, {}};
  for (auto i = first; i <= last; ++i) {
    protocol::item x;
    x.conversation = direct_conversation(user("alice"), user("bob"));
    x.seq = {i};
    x.body = std::to_string(i);
    out.list.push_back(x);
  }
  return out;
}

protocol::sent stage::sent(const message_id& id, std::uint64_t seq) const {
  return {
    id, direct_conversation(user("alice"), user("bob")), {seq}, wall, false};
}

protocol::failed stage::refuse(const message_id& id, errc code,
                               std::uint32_t retry_after_ms) {
  protocol::failed out;
  out.code = code;
  out.text = "expected something else";
  out.id = id;
  out.retry_after_ms = retry_after_ms;
  return out;
}

std::string stage::said() {
  std::string out;
  for (const auto& x : frames)
    out += (out.empty() ? "" : " ") + std::string{protocol::type_name(x)};
  frames.clear();
  return out;
}

std::string stage::sends() {
  std::string out;
  std::map<message_id, std::string> bodies;
  for (const auto& x : frames) {
    const auto* send = std::get_if<protocol::send>(&x);
    if (send == nullptr)
      continue;
    bodies[send->id] = send->body;
    out += (out.empty() ? "" : " ") + send->body;
    if (send->after)
      out += '>' + (bodies.contains(*send->after) ? bodies[*send->after] : "");
  }
  frames.clear();
  return out;
}

message_id stage::send(const std::string& body, const std::string& to) {
  return *core.send(user(to), body, now);
}

void stage::connect(const std::string& endpoint) {
  dialled.push_back(endpoint);
}

void stage::write(const protocol::client_frame& frame) {
  if (!up_)
    throw std::logic_error("expected no frame without a connection");
  frames.push_back(frame);
}

void stage::close() {
  ++closes;
  up_ = false;
}

void stage::handle(client::event what) {
  if (on_event)
    on_event(what);
  events.push_back(std::move(what));
}

} // namespace iris::client
