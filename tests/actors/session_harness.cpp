#include "tests/actors/session_harness.hpp"

#include "protocol/codec.hpp"

namespace iris::actors::test {

namespace {

std::string name_of(const message_id& id) {
  for (char c = 'a'; c <= 'z'; ++c)
    if (session_harness::id(std::string_view{&c, 1}) == id)
      return {c};
  return id.str();
}

struct describe_frame {
  std::string operator()(const protocol::welcome& x) const {
    return "welcome " + std::to_string(x.version) + " heartbeat "
           + std::to_string(x.heartbeat_ms) + " at "
           + std::to_string(x.time_ms.ms);
  }
  std::string operator()(const protocol::ready& x) const {
    return "ready " + x.user.str() + " " + x.device.str() + " cursor "
           + std::to_string(x.cursor.value) + " floor "
           + std::to_string(x.floor.value) + " head "
           + std::to_string(x.head.value);
  }
  std::string operator()(const protocol::live& x) const {
    return "live " + std::to_string(x.head.value);
  }
  std::string operator()(const protocol::sent& x) const {
    return "sent " + name_of(x.id);
  }
  std::string operator()(const protocol::failed& x) const {
    std::string out{"error "};
    out += to_string(x.code);
    if (x.id)
      out += " id " + name_of(*x.id);
    if (x.n)
      out += " n " + std::to_string(*x.n);
    if (x.retry_after_ms != 0)
      out += " in " + std::to_string(x.retry_after_ms);
    return out + (x.fatal ? " fatal" : "");
  }
  std::string operator()(const protocol::goaway& x) const {
    auto out = "goaway " + x.reason + " " + std::to_string(x.retry_after_ms);
    for (const auto& node : x.nodes)
      out += " " + node;
    return out;
  }
  std::string operator()(const protocol::ping&) const { return "ping"; }
  std::string operator()(const protocol::pong& x) const {
    return "pong " + std::to_string(x.n);
  }
  std::string operator()(const protocol::statuses& x) const {
    auto out = "statuses " + std::to_string(x.n);
    for (const auto& u : x.users)
      out +=
        " " + u.user.str() + (u.online ? "+" : "-") + std::to_string(u.seen.ms);
    return out;
  }
  template <class Frame>
  std::string operator()(const Frame& x) const {
    return std::string{protocol::type_name(protocol::server_frame{x})};
  }
};

} // namespace

session_harness::session_harness(session_state up_to, session_options with)
  : options(std::move(with)) {
  options.verify = [](std::string_view token,
                      timestamp at) -> result<credentials> {
    if (token == "expired")
      return error{errc::token_expired, "expected a new token"};
    if (token == "forged")
      return error{errc::token_invalid, "expected a token of this node"};
    credentials out{user("alice"), std::nullopt, {at.ms + 3'600'000}};
    if (token == "phone only")
      out.device = device("phone");
    return out;
  };
  session::sink& out = *this;
  it.emplace(options, out, node_id{1}, now);
  advance_to(up_to);
}

void session_harness::send(const protocol::server_frame& frame,
                           std::string_view trace) {
  REQUIRE_FALSE(closed);
  lines_.push_back(std::visit(describe_frame{}, frame));
  if (!trace.empty())
    lines_.back().append(" trace ").append(trace);
}

void session_harness::close() {
  REQUIRE_FALSE(closed);
  closed = true;
  lines_.push_back("close");
}

void session_harness::act(session::command what) {
  REQUIRE_FALSE(closed);
  std::visit(
    [this]<class T>(const T& x) {
      if constexpr (std::is_same_v<T, session::attach_device>) {
        lines_.push_back("attach " + x.user.str() + " " + x.device.str());
      } else if constexpr (std::is_same_v<T, session::submit_list>) {
        std::string line = "submit";
        for (const auto& one : x.list)
          line += " " + name_of(one.id);
        lines_.push_back(line);
        tags.push_back(x.tag);
      } else if constexpr (std::is_same_v<T, session::request>) {
        lines_.push_back("request "
                         + std::string{protocol::type_name(x.frame)});
        tags.push_back(x.tag);
      } else if constexpr (std::is_same_v<T, session::status_request>) {
        lines_.push_back("status of");
        for (const auto& user : x.users)
          lines_.back() += ' ' + user.str();
        tags.push_back(x.tag);
      } else {
        lines_.push_back("acknowledge " + std::to_string(x.upto.value));
      }
    },
    what);
}

void session_harness::receive(
  const std::vector<protocol::client_frame>& frames) {
  for (const auto& x : frames)
    it->receive(x, wall, now);
  it->flush();
}

void session_harness::pass(std::chrono::nanoseconds time) {
  now += time;
  wall.ms += std::chrono::floor<std::chrono::milliseconds>(time).count();
}

lines session_harness::take() {
  return std::exchange(lines_, {});
}

void session_harness::advance_to(session_state goal) {
  using enum session_state;
  if (goal == session_state::closed) {
    it->cut_off({errc::replaced, "expected one connection"});
    take();
    return;
  }
  if (goal >= negotiated)
    receive(protocol::hello{});
  if (goal >= attaching)
    receive(protocol::auth{"good", device("phone")});
  if (goal >= authenticated)
    it->attached({}, cursor, floor, head);
  if (goal >= syncing)
    receive(protocol::sync{{3}, 4});
  if (goal == live)
    it->pushed({4}, 7, {10});
  if (goal == draining) {
    // With an answer outstanding, or it would be closed.
    receive(protocol::roster{99, {}});
    it->drain("stop", 1000);
  }
  take();
  REQUIRE(it->state() == goal);
}

message_id session_harness::id(std::string_view name) {
  return id_at(1'700'000'000'000, static_cast<std::uint64_t>(name.front()));
}

protocol::client_frame send_to(std::string_view id, std::string_view user) {
  protocol::send out;
  out.id = session_harness::id(id);
  out.to = test::user(user);
  out.body = "body";
  return out;
}

protocol::sent sent(std::string_view id) {
  protocol::sent out;
  out.id = session_harness::id(id);
  return out;
}

protocol::failed refused(std::string_view id, errc code) {
  protocol::failed out;
  out.code = code;
  out.id = session_harness::id(id);
  return out;
}

} // namespace iris::actors::test
