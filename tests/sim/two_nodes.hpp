#pragma once

#include "actors/gateway.hpp"
#include "tests/sim/lone_host.hpp"

#include <map>

namespace iris::actors::test {

/// One direction's end of a link between two nodes, in virtual time.
class fake_link final : public cluster::network {
public:
  fake_link(sim::world& in, node_id self) : world_(in), self_(self) {}

  void join(cluster::network::receiver& there) { there_ = &there; }

  bool send(node_id, cluster::lane by, std::string frame) override {
    if (!up_ || full_)
      return false;
    ++sent;
    world_.after(delay, [this, by, frame, of = generation_] {
      // What was on its way is lost with the link.
      if (of == generation_)
        there_->on_frame(self_, by, frame);
    });
    return true;
  }

  /// The other end hears of it a little later.
  void set_up(bool yes) {
    up_ = yes;
    ++generation_;
    world_.after(delay, [this, yes] { there_->on_link(self_, yes); });
  }
  void set_full(bool yes) { full_ = yes; }

  static constexpr auto delay = 10us;
  std::size_t sent = 0;

private:
  sim::world& world_;
  const node_id self_;
  cluster::network::receiver* there_ = nullptr;
  bool up_ = true;
  bool full_ = false;
  std::uint64_t generation_ = 0;
};

/// What a client is sent.
class fake_client final : public wire {
public:
  void send(std::string_view frame) override {
    auto found = protocol::decode_server(frame);
    REQUIRE(found);
    frames.push_back(std::move(*found));
  }
  void resume() override {}
  void logged_in() override {}
  std::size_t queued() const override { return 0; }
  void close() override { closed = true; }

  template <class Frame>
  std::vector<Frame> all() const {
    std::vector<Frame> out;
    for (const auto& x : frames)
      if (const auto* one = std::get_if<Frame>(&x))
        out.push_back(*one);
    return out;
  }

  /// The bodies of all items so far, each behind its offset.
  std::vector<std::string> items() const {
    std::vector<std::string> out;
    for (const auto& x : all<protocol::items>()) {
      auto at = x.first;
      for (const auto& one : x.list) {
        out.push_back(std::to_string(at.value) + " " + one.body);
        at = at.next();
      }
    }
    return out;
  }

  std::vector<protocol::server_frame> frames;
  bool closed = false;
};

/// Node 2 leads shard 0, and its own shard 1 is played by a recorder; clients
/// come to node 1, which leads nothing.
struct two_nodes : lone_host<fan_out> {
  two_nodes() {
    to_leader.join(leader);
    to_edge.join(edge);
    leader.serve({0}, host);
    leader.serve({1}, stand_in);
    route(true);
    options->node = {1};
    options->session.verify = [](std::string_view token,
                                 timestamp at) -> result<credentials> {
      return credentials{
        *user_id::parse(token), std::nullopt, {at.ms + 24 * 3'600'000}};
    };
  }

  ~two_nodes() {
    for (auto& x : clients)
      caf::anon_send_exit(x, caf::exit_reason::kill);
    edge.close();
    leader.close();
    route(false);
    while (edge_unit.stop()) {
      // Ending actors tell others.
    }
  }

  /// Whether node 1 knows who leads.
  void route(bool known) {
    for (shard_id x : {shard_id{0}, shard_id{1}})
      edge_routes.update(x, known ? edge.shard_on({2}, x) : shard_actor{});
  }

  void set_link(bool up) {
    to_leader.set_up(up);
    to_edge.set_up(up);
  }

  struct session_of {
    std::shared_ptr<fake_client> screen;
    connection_actor actor;
  };

  session_of connect() {
    auto screen = std::make_shared<fake_client>();
    auto actor =
      supervision::spawn_on<connection>(edge_unit, screen, options, edge_env);
    clients.push_back(caf::actor_cast<caf::actor>(actor));
    return {screen, actor};
  }

  void send(const session_of& from,
            const std::vector<protocol::client_frame>& what) {
    inbound out;
    for (const auto& x : what)
      out.frames.emplace_back(x);
    caf::anon_send(from.actor, std::move(out));
  }

  session_of log_in(const user_id& who, std::uint64_t from = 0) {
    auto out = connect();
    send(out, {protocol::hello{}});
    here.run(enough);
    send(out, {protocol::auth{who.str(), laptop}});
    here.run(enough);
    REQUIRE(out.screen->all<protocol::ready>().size() == 1);
    send(out, {protocol::sync{{from}, 16}});
    here.run(enough);
    return out;
  }

  protocol::send message(const user_id& to, const std::string& body) {
    protocol::send out;
    out.id = make_message_id(here.wall_now(), here.random());
    out.to = to;
    out.body = body;
    return out;
  }

  /// Whether a device of this user is there, as the leader sees it.
  bool online(const user_id& who) {
    std::vector<answered> heard;
    auto asking = listener(heard);
    tell(list_devices{who, 1, asking});
    here.run(enough);
    REQUIRE(heard.size() == 1);
    const auto& list = std::get<protocol::device_list>(heard[0].answer).list;
    REQUIRE(list.size() == 1);
    return list[0].online;
  }

  inbox_offset cursor(const user_id& who) {
    std::vector<answered> heard;
    auto asking = listener(heard);
    tell(list_devices{who, 1, asking});
    here.run(enough);
    REQUIRE(heard.size() == 1);
    return std::get<protocol::device_list>(heard[0].answer).list.at(0).cursor;
  }

  /// Two users of shard 0, whose conversation is there too.
  std::pair<user_id, user_id> friends() const {
    auto carol = named("carol", {0});
    for (int i = 0;; ++i)
      if (auto dan = named("dan-" + std::to_string(i) + "-", {0});
          routes.home_of(ref_of(direct_conversation(carol, dan)))
          == shard_id{0})
        return {carol, dan};
  }

  sim::core edge_unit{caf.system, here};
  router edge_routes{2};
  user_gate edge_users{16};
  observability::metrics edge_metrics;
  environment edge_env{here, edge_routes, edge_users, edge_metrics, log,
                       {},   {},          1024,       full};
  fake_link to_leader{here, {1}}, to_edge{here, {2}};
  gateway edge{{to_leader, edge_env, {&edge_unit}, 11}};
  gateway leader{{to_edge, env, {&home}, 22}};
  std::shared_ptr<connection_options> options =
    std::make_shared<connection_options>();
  std::vector<caf::actor> clients;
};

} // namespace iris::actors::test
