#pragma once

#include "actors/log_reader.hpp"
#include "actors/shard_host.hpp"
#include "persistence/node_store.hpp"
#include "protocol/codec.hpp"
#include "tests/sim/fixture.hpp"

#include <doctest/doctest.h>

namespace iris::actors::test {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""us;

constexpr std::size_t body_bytes = protocol::limits::body_bytes_max;
/// For a message to go through all actors, and for the disk, once it works.
constexpr auto moment = 50us;
constexpr auto enough = 2s;

/// Stands for an actor: keeps what it is told.
template <class Message>
struct recorder : supervision::bounded<caf::event_based_actor> {
  recorder(caf::actor_config& config, std::vector<Message>& to)
    : bounded(config), found(to) {
    set_default_handler(caf::drop);
  }

  caf::behavior make_behavior() override {
    return {[this](Message& x) { found.push_back(std::move(x)); }};
  }

  void bounce(caf::mailbox_element&) override {}
  bool control(const caf::type_erased_tuple&) const noexcept override {
    return true;
  }

  std::vector<Message>& found;
};

/// Shard 0 of two, on a store and a unit of its own. Recorders stand for
/// shard 1 and for a client's connection.
template <class Elsewhere>
struct lone_host {
  lone_host() {
    auto stub = supervision::spawn_on<recorder<Elsewhere>>(home, elsewhere);
    auto peer = supervision::spawn_on<recorder<submitted>>(home, answers);
    client = caf::actor_cast<connection_actor>(peer);
    stand_in = caf::actor_cast<shard_actor>(stub);
    all = {caf::actor_cast<caf::actor>(stub),
           caf::actor_cast<caf::actor>(peer)};
    spawn_host();
    await_leader();
  }

  void spawn_host() {
    shard_host_parts parts{{{0},
                            {1},
                            log_writer,
                            state_writer,
                            *store.state,
                            home,
                            readers,
                            here,
                            mail,
                            {{1}}},
                           *store.log,
                           log_thread,
                           state_thread,
                           env};
    host = supervision::spawn_on<shard_host>(home, parts);
    routes.update({0}, host);
    routes.update({1}, stand_in);
    all.push_back(caf::actor_cast<caf::actor>(host));
    metrics.shard_leader.with("0").set(0);
  }

  void await_leader() {
    REQUIRE(here.run(
      10s, [this] { return metrics.shard_leader.with("0").value() == 1; }));
  }

  /// Ends the shard and all on it, as a fault of it does.
  void restart_host() {
    end_host();
    spawn_host();
  }

  void end_host() {
    caf::anon_send_exit(host, caf::exit_reason::kill);
    here.run(enough);
  }

  ~lone_host() {
    for (auto* x : {&log_thread, &state_thread, &readers})
      x->stop();
    for (auto& x : all)
      caf::anon_send_exit(x, caf::exit_reason::kill);
    while (home.stop()) {
      // Ending actors tell others.
    }
  }

  template <class Message>
  void tell(Message what) {
    caf::anon_send(host, std::move(what));
    here.run(moment);
  }

  submit submit_of(const submission& what) const {
    return {conversation, {alice, laptop}, {what}, 0, client};
  }

  void submit_one(const submission& what) { tell(submit_of(what)); }

  /// The first messages of some conversation on shard 1, for users of shard 0.
  fan_out new_fan_out(std::size_t messages, const std::vector<user_id>& to) {
    fan_out out{elsewhere_too(), {0}, {1}, {}, {}};
    for (std::uint64_t seq = 1; seq <= messages; ++seq) {
      auto one =
        fan_out_of(out.conversation, seq, new_submission().body, alice);
      out.items.push_back(one.items.at(0));
    }
    for (const auto& x : to)
      out.recipients.push_back({x, {1}, {messages}});
    return out;
  }

  /// The most bytes that stand in two entries of the log, one behind the
  /// other: while the later one is filled, the earlier one is being written.
  std::size_t most_in_two_entries() const {
    auto found = store.log->load({0});
    REQUIRE(found);
    std::size_t out = 0, last = 0;
    for (const auto& x : found->entries) {
      out = std::max(out, last + x.payload->size());
      last = x.payload->size();
    }
    return out;
  }

  submission new_submission(std::size_t bytes = body_bytes) {
    submission out;
    out.id = make_message_id(here.wall_now(), here.random());
    out.body = std::to_string(next_body++);
    out.body.resize(bytes, '.');
    out.to = bob;
    return out;
  }

  /// A group on shard 0.
  conversation_id found_group(const user_id& owner,
                              const std::vector<user_id>& members) {
    auto what = new_submission(0);
    while (routes.home_of(ref_of(group_conversation(owner, what.id)))
           != shard_id{0})
      what = new_submission(0);
    auto group = group_conversation(owner, what.id);
    what.to.reset();
    what.kind = protocol::item_kind::group_created;
    what.users = members;
    tell(submit{group, {owner, laptop}, {std::move(what)}, 0, client});
    here.run(100ms);
    return group;
  }

  void change(const conversation_id& group, const user_id& who,
              protocol::item_kind kind, const std::vector<user_id>& named) {
    auto what = new_submission(0);
    what.to.reset();
    what.kind = kind;
    what.users = named;
    tell(submit{group, {who, laptop}, {std::move(what)}, 0, client});
  }

  /// Starts the shard again, with something in this place that is no record.
  void damage(const std::string& key) {
    end_host();
    auto before = *store.log->load({0});
    persistence::writes out;
    out.put(key, "no record");
    persistence::log_change change;
    change.shard = {0};
    change.first_index = before.first_index + before.entries.size();
    change.entries.push_back(
      {before.state.term,
       static_cast<std::uint8_t>(cluster::raft::entry_type::command),
       std::make_shared<const std::string>(out.bytes())});
    REQUIRE(store.log->append(std::span{&change, 1}));
    spawn_host();
    await_leader();
  }

  /// The bodies that stand in a log or an inbox of shard 0.
  std::vector<std::string> bodies(const persistence::actor_ref& of, record kind,
                                  std::size_t count) const {
    auto found =
      read_log(*store.state, keyring{{0}, of}, {kind, 1, count, SIZE_MAX});
    REQUIRE(found);
    std::vector<std::string> out;
    for (const auto& x : *found)
      out.push_back(protocol::decode_item(*x)->body);
    return out;
  }

  /// A user who lives on this shard.
  user_id named(const std::string& name, shard_id home_of) const {
    for (int i = 0;; ++i)
      if (auto out = sim::user(name + std::to_string(i));
          routes.home_of(ref_of(out)) == home_of)
        return out;
  }

  /// A conversation that lives on the other shard.
  conversation_id elsewhere_too() {
    for (;;)
      if (auto out = group_conversation(
            alice, make_message_id(here.wall_now(), here.random()));
          routes.home_of(ref_of(out)) == shard_id{1})
        return out;
  }

  /// One message of it for one user.
  fan_out fan_out_of(const conversation_id& from, std::uint64_t seq,
                     const std::string& body, const user_id& to) {
    protocol::item x;
    x.id = make_message_id(here.wall_now(), here.random());
    x.conversation = from;
    x.seq = {seq};
    x.from = alice;
    x.device = laptop;
    x.at = here.wall_now();
    x.body = body;
    std::string bytes;
    protocol::encode(x, bytes);
    return {from,
            {0},
            {seq},
            {std::make_shared<const std::string>(std::move(bytes))},
            {{to, {seq}, {seq}}}};
  }

  /// A connection that keeps its answers, or what else it hears of one kind.
  template <class Message>
  connection_actor listener(std::vector<Message>& to) {
    auto peer = supervision::spawn_on<recorder<Message>>(home, to);
    all.push_back(caf::actor_cast<caf::actor>(peer));
    return caf::actor_cast<connection_actor>(peer);
  }

  /// Such that their conversation lives on shard 0, and they on shard 1.
  user_id other_of(const user_id& who, std::size_t number = 0) const {
    auto prefix = "bob-" + std::to_string(number) + "-";
    for (int i = 0;; ++i)
      if (auto out = named(prefix + std::to_string(i) + "-", {1});
          routes.home_of(ref_of(direct_conversation(who, out))) == shard_id{0})
        return out;
  }

  static observability::log_options quiet() {
    observability::log_options out;
    out.queue_lines = 0;
    return out;
  }

  sim::caf_host caf;
  sim::world here{1};
  sim::memory_disk disk{1};
  persistence::node_store store =
    std::move(*persistence::node_store::open("/node", {"sim", {1}, 2}, disk));
  sim::core home{caf.system, here};
  sim::disk_thread log_thread{here, 2ms}, state_thread{here, 300us},
    readers{here, 300us};
  cluster::shard_mail mail{nullptr};
  persistence::log_writer log_writer{*store.log, log_thread};
  persistence::state_writer state_writer{*store.state, state_thread, 1 << 30};
  observability::metrics metrics;
  observability::logger log{
    quiet(), std::make_shared<observability::memory_sink>(), here};
  router routes{2};
  user_gate users{16};
  std::atomic<bool> full{false};
  environment env{here, routes, users, metrics, log, {}, {}, 1024, full};

  std::vector<Elsewhere> elsewhere;
  std::vector<submitted> answers;
  connection_actor client;
  shard_actor stand_in;
  shard_actor host;
  std::vector<caf::actor> all;

  const user_id alice = named("alice", {1});
  const user_id bob = other_of(alice);
  const device_id laptop = *device_id::parse("laptop");
  const conversation_id conversation = direct_conversation(alice, bob);
  std::size_t next_body = 1;
};

} // namespace iris::actors::test
