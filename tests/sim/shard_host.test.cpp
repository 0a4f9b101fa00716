// What a shard takes on while nothing of it becomes durable.
#include "actors/shard_host.hpp"
#include "actors/log_reader.hpp"
#include "persistence/node_store.hpp"
#include "protocol/codec.hpp"
#include "tests/sim/fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

using namespace iris;
using namespace iris::actors;
using namespace iris::sim;
using namespace std::chrono_literals;
using lines = std::vector<std::string>;

namespace {

// As shard_host.cpp and conversation.cpp have them.
constexpr std::size_t submit_bytes_max = 8 * 1024 * 1024;
constexpr std::size_t fan_out_bytes_max = 2 * submit_bytes_max;
constexpr std::size_t deliveries_max = 32;
constexpr auto delivery_timeout = 5s;

constexpr std::size_t body_bytes = protocol::limits::body_bytes_max;
/// More than is kept free for an entry besides its body.
constexpr std::size_t extra_bytes = 1536;
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
                            1},
                           *store.log,
                           log_thread,
                           state_thread,
                           env};
    host = supervision::spawn_on<shard_host>(home, parts);
    routes.update({host, stand_in});
    all.push_back(caf::actor_cast<caf::actor>(host));
    metrics.shard_leader.with("0").set(0);
  }

  void await_leader() {
    REQUIRE(here.run(
      10s, [this] { return metrics.shard_leader.with("0").value() == 1; }));
  }

  /// Ends the shard and all on it, as a fault of it does.
  void restart_host() {
    caf::anon_send_exit(host, caf::exit_reason::kill);
    here.run(enough);
    spawn_host();
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
      if (auto out = user(name + std::to_string(i));
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

  /// A connection that keeps its answers.
  connection_actor listener(std::vector<answered>& to) {
    auto peer = supervision::spawn_on<recorder<answered>>(home, to);
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

  caf_host caf;
  world here{1};
  memory_disk disk{1};
  persistence::node_store store =
    std::move(*persistence::node_store::open("/node", {"sim", {1}, 2}, disk));
  core home{caf.system, here};
  disk_thread log_thread{here, 2ms}, state_thread{here, 300us},
    readers{here, 300us};
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

/// `count` of them are as many as fit.
void check_fits(std::size_t count, std::size_t limit) {
  CHECK(count * body_bytes <= limit);
  CHECK((count + 1) * (body_bytes + extra_bytes) > limit);
}

std::vector<std::string> bodies_of(const fan_out& what) {
  std::vector<std::string> out;
  for (const auto& x : what.items)
    out.push_back(protocol::decode_item(*x)->body);
  return out;
}

/// Whether the actors get to what they are sent one by one, or whether all is
/// there before they see any of it.
template <class Host, class Message>
void tell(Host& to, bool at_once, Message what) {
  if (at_once)
    caf::anon_send(to.host, std::move(what));
  else
    to.tell(std::move(what));
}

void check_submissions(bool at_once) {
  lone_host<fan_out> a;
  a.submit_one(a.new_submission());
  a.here.run(enough);
  REQUIRE(a.answers.size() == 1);
  std::vector<submission> all;
  a.log_thread.stall(5s);

  for (int i = 0; i < 200; ++i) {
    all.push_back(a.new_submission());
    tell(a, at_once, a.submit_of(all.back()));
  }
  a.here.run(200 * moment);

  // Those that were taken are not answered before they are durable.
  std::vector<submission> refused;
  for (std::size_t i = 1; i < a.answers.size(); ++i) {
    REQUIRE(a.answers[i].answers.size() == 1);
    const auto* why = std::get_if<protocol::failed>(&a.answers[i].answers[0]);
    REQUIRE(why);
    CHECK(why->code == errc::overloaded);
    CHECK(why->text == "too much is being written: try again");
    CHECK(why->retry_after_ms > 0);
    CHECK_FALSE(why->fatal);
    auto which = std::find_if(all.begin(), all.end(),
                              [&](const auto& x) { return x.id == why->id; });
    REQUIRE(which != all.end());
    refused.push_back(*which);
    all.erase(which);
  }
  check_fits(all.size(), submit_bytes_max);
  a.here.run(5s + enough);
  CHECK(a.most_in_two_entries() <= submit_bytes_max);
  for (const auto& x : refused)
    a.submit_one(x);
  a.here.run(enough);
  all.insert(all.end(), refused.begin(), refused.end());
  REQUIRE(all.size() == 200);
  REQUIRE(a.answers.size() == 1 + refused.size() + all.size());
  std::vector<std::string> written{"1" + std::string(body_bytes - 1, '.')};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& x = a.answers[1 + refused.size() + i].answers.at(0);
    const auto* sent = std::get_if<protocol::sent>(&x);
    REQUIRE(sent);
    CHECK(sent->id == all[i].id);
    CHECK(sent->seq == sequence{2 + i});
    CHECK_FALSE(sent->duplicate);
    written.push_back(all[i].body);
  }
  CHECK(
    (a.bodies(ref_of(a.conversation), record::log, written.size()) == written));
}

void check_fan_outs(bool at_once) {
  lone_host<fanned_out> a;
  auto carol = a.named("carol", {0});
  std::map<conversation_id, fan_out> all;
  auto send = [&] {
    auto x = a.new_fan_out(1, {carol});
    all[x.conversation] = x;
    tell(a, at_once, x);
  };
  send();
  a.here.run(enough);
  REQUIRE(a.elsewhere.size() == 1);
  a.log_thread.stall(5s);

  while (all.size() < 400)
    send();
  a.here.run(400 * moment);
  CHECK(a.elsewhere.size() == 1);
  a.here.run(5s + enough);

  // Nobody hears of those that were dropped; those who wait send them again.
  auto taken = a.elsewhere.size() - 1;
  check_fits(taken - deliveries_max, fan_out_bytes_max);
  CHECK(a.most_in_two_entries() <= fan_out_bytes_max);
  auto left = all;
  for (const auto& x : a.elsewhere)
    CHECK(left.erase(x.conversation) == 1);
  for (const auto& [from, x] : left)
    a.tell(x);
  a.here.run(enough);
  REQUIRE(a.elsewhere.size() == all.size());
  std::vector<std::string> written;
  for (const auto& x : a.elsewhere) {
    CHECK(x.by == shard_id{0});
    CHECK(x.upto == sequence{1});
    REQUIRE(all.contains(x.conversation));
    written.push_back(bodies_of(all[x.conversation]).at(0));
  }
  CHECK((a.bodies(ref_of(carol), record::inbox, all.size()) == written));
}

} // namespace

TEST_CASE("a shard that can't write takes 8 MiB of messages and no more") {
  check_submissions(false);
}

TEST_CASE("a shard takes 8 MiB of messages that come at once and no more") {
  check_submissions(true);
}

TEST_CASE("a shard that can't write drops fan-outs beyond 16 MiB") {
  check_fan_outs(false);
}

TEST_CASE("a shard drops fan-outs beyond 16 MiB that come at once") {
  check_fan_outs(true);
}

TEST_CASE("a fan-out to many goes to 16 MiB of them at a time") {
  lone_host<fanned_out> a;
  std::vector<user_id> many;
  many.reserve(300);
  for (int i = 0; i < 300; ++i)
    many.push_back(a.named("member-" + std::to_string(i) + "-", {0}));
  auto large = a.new_fan_out(2, many);
  auto small = a.new_fan_out(1, {a.named("carol", {0})});

  tell(a, true, large);
  tell(a, true, large); // As if its conversation had given it up.
  tell(a, true, small);
  a.here.run(enough);

  // The neighbour did not wait for all of them.
  REQUIRE(a.elsewhere.size() == 2);
  CHECK(a.elsewhere[0].conversation == small.conversation);
  CHECK(a.elsewhere[1].conversation == large.conversation);
  CHECK(a.elsewhere[1].upto == sequence{2});
  CHECK(a.most_in_two_entries() <= fan_out_bytes_max);
  for (const auto& x : many)
    CHECK((a.bodies(ref_of(x), record::inbox, 2) == bodies_of(large)));
}

TEST_CASE("a fan-out is sent again until it is answered") {
  lone_host<fan_out> a;
  auto message = a.new_submission(10);
  a.submit_one(message);
  REQUIRE(a.here.run(enough, [&] { return a.elsewhere.size() == 1; }));

  a.here.run(delivery_timeout - 100ms);
  CHECK(a.elsewhere.size() == 1);
  a.here.run(2s);
  REQUIRE(a.elsewhere.size() == 2);
  a.here.run(delivery_timeout + 2s);
  REQUIRE(a.elsewhere.size() == 3);
  a.tell(fanned_out{a.conversation, {1}, {1}});
  a.here.run(1min);

  REQUIRE(a.elsewhere.size() == 3);
  for (const auto& x : a.elsewhere) {
    CHECK(x.conversation == a.conversation);
    CHECK(x.first == sequence{1});
    REQUIRE(x.items.size() == 1);
    CHECK(protocol::decode_item(*x.items[0])->id == message.id);
    std::vector<user_id> to;
    for (const auto& one : x.recipients)
      to.push_back(one.user);
    CHECK((to == std::vector<user_id>{a.alice, a.bob}));
  }
}

TEST_CASE("a start takes up what is undelivered, however much it is") {
  constexpr std::size_t count = 300;
  lone_host<fan_out> a;
  std::map<conversation_id, message_id> sent;
  for (std::size_t i = 0; i < count; ++i) {
    auto message = a.new_submission(10);
    message.to = a.other_of(a.alice, i);
    auto into = direct_conversation(a.alice, *message.to);
    sent[into] = message.id;
    a.tell(submit{into, {a.alice, a.laptop}, {message}, 0, a.client});
  }
  a.here.run(enough);
  REQUIRE(a.answers.size() == count);
  a.elsewhere.clear();

  a.env.mailbox_max = 1;
  a.restart_host();
  a.await_leader();
  // Long before a sweep, and before anything is sent a second time.
  a.here.run(enough);

  REQUIRE(a.elsewhere.size() == count);
  for (const auto& x : a.elsewhere) {
    REQUIRE(x.items.size() == 1);
    CHECK(protocol::decode_item(*x.items[0])->id == sent.at(x.conversation));
    sent.erase(x.conversation);
  }
  CHECK(sent.empty());
}

TEST_CASE("a full disk takes no fan-out until it has room again") {
  lone_host<fanned_out> a;
  auto carol = a.named("carol", {0});
  auto from = a.elsewhere_too();
  a.full = true;

  a.tell(a.fan_out_of(from, 1, "one", carol));
  a.here.run(enough);
  CHECK(a.elsewhere.empty());
  CHECK(a.metrics.users_active.value() == 0);

  a.full = false;
  a.tell(a.fan_out_of(from, 1, "one", carol));
  a.here.run(enough);
  CHECK(a.elsewhere.size() == 1);
  CHECK((a.bodies(ref_of(carol), record::inbox, 1) == lines{"one"}));
}

TEST_CASE("a reader that is behind is asked about so many users and no more") {
  lone_host<fanned_out> a;
  constexpr std::uint64_t room = 1024; // env.mailbox_max
  constexpr std::uint64_t beyond = 300;
  std::vector<answered> heard;
  auto asking = a.listener(heard);
  a.readers.stall(5s);

  for (std::uint64_t tag = 0; tag < room + beyond; ++tag)
    a.tell(read_status{user("nobody-" + std::to_string(tag)), tag, asking});

  // Those beyond are told at once.
  REQUIRE(heard.size() == beyond);
  for (std::uint64_t i = 0; i < beyond; ++i) {
    CHECK(heard[i].tag == room + i);
    const auto* why = std::get_if<protocol::failed>(&heard[i].answer);
    REQUIRE(why);
    CHECK(why->code == errc::overloaded);
    CHECK(why->text == "too many users are asked about: try again");
    CHECK(why->retry_after_ms == 100);
    CHECK_FALSE(why->fatal);
  }
  heard.clear();
  a.here.run(5s + enough);
  REQUIRE(heard.size() == room);
  for (std::uint64_t i = 0; i < room; ++i) {
    CHECK(heard[i].tag == i);
    CHECK(std::holds_alternative<protocol::user_status>(heard[i].answer));
  }

  // What was answered takes no room any more.
  heard.clear();
  for (std::uint64_t tag = 0; tag < room; ++tag)
    a.tell(read_status{user("nobody-" + std::to_string(tag)), tag, asking});
  a.here.run(enough);
  REQUIRE(heard.size() == room);
  CHECK(std::all_of(heard.begin(), heard.end(), [](const auto& x) {
    return std::holds_alternative<protocol::user_status>(x.answer);
  }));
}

TEST_CASE("who asks about users wakes none") {
  lone_host<fanned_out> a;
  std::vector<answered> heard;
  auto asking = a.listener(heard);
  auto carol = a.named("carol", {0});
  auto ask = [&](const user_id& about) {
    a.tell(read_status{about, 7, asking});
    REQUIRE(a.here.run(enough, [&] { return !heard.empty(); }));
    auto out = std::get<protocol::user_status>(heard.at(0).answer);
    CHECK(heard.at(0).tag == 7);
    CHECK(out.user == about);
    heard.clear();
    return out;
  };

  for (int i = 0; i < 100; ++i) {
    auto found = ask(user("nobody-" + std::to_string(i)));
    CHECK_FALSE(found.online);
    CHECK(found.seen.ms == 0);
  }
  CHECK(a.metrics.users_active.value() == 0);

  a.tell(open_inbox{carol, a.laptop, a.client});
  CHECK(ask(carol).online);
  auto left = a.here.wall_now();
  a.tell(close_inbox{carol, a.client.id()});
  CHECK_FALSE(ask(carol).online);
  // When it is put to rest, the store knows as much.
  REQUIRE(
    a.here.run(2min, [&] { return a.metrics.users_active.value() == 0; }));
  auto found = ask(carol);
  CHECK_FALSE(found.online);
  CHECK(found.seen >= left);
  CHECK(found.seen.ms <= left.ms + 1000);
  CHECK(a.metrics.users_active.value() == 0);
}

TEST_CASE("made-up conversations take no memory") {
  lone_host<fanned_out> a;
  std::vector<answered> heard;
  auto asking = a.listener(heard);
  auto made_up = [&] {
    return group_conversation(
      a.alice, make_message_id(a.here.wall_now(), a.here.random()));
  };
  auto message = a.new_submission(10);
  message.to.reset();

  a.tell(read_history{a.alice, made_up(), {}, 1, asking});
  a.tell(read_roster{a.alice, made_up(), 2, asking});
  a.tell(submit{made_up(), {a.alice, a.laptop}, {message}, 3, a.client});
  REQUIRE(a.here.run(
    enough, [&] { return heard.size() == 2 && a.answers.size() == 1; }));
  a.here.run(moment);

  for (const auto& x : heard)
    CHECK(std::get<protocol::failed>(x.answer).code == errc::not_a_member);
  CHECK(std::get<protocol::failed>(a.answers[0].answers.at(0)).code
        == errc::not_a_member);
  CHECK(a.metrics.conversations_active.value() == 0);
}

TEST_CASE("whom a sweep wakes rests again at once") {
  lone_host<fanned_out> a;
  auto carol = a.named("carol", {0});
  a.tell(a.fan_out_of(a.elsewhere_too(), 1, "one", carol));
  REQUIRE(a.here.run(enough, [&] { return a.elsewhere.size() == 1; }));
  REQUIRE(
    a.here.run(2min, [&] { return a.metrics.users_active.value() == 0; }));

  a.tell(awaken{{ref_of(carol)}, {}});
  CHECK(a.metrics.users_active.value() == 1);

  // By the next look at who rests.
  a.here.run(6s);
  CHECK(a.metrics.users_active.value() == 0);
}

TEST_CASE("who once had a full mailbox rests like the others") {
  lone_host<fanned_out> a;
  a.env.mailbox_max = 4;
  std::vector<answered> heard;
  auto asking = a.listener(heard);
  auto carol = a.named("carol", {0});
  a.tell(open_inbox{carol, a.laptop, a.client});

  for (std::size_t i = 0; i < 20; ++i)
    caf::anon_send(a.host, list_devices{carol, i, asking});
  a.here.run(enough);

  REQUIRE(heard.size() == 20);
  std::set<std::uint64_t> refused, answers;
  for (const auto& x : heard)
    (std::holds_alternative<protocol::failed>(x.answer) ? refused : answers)
      .insert(x.tag);
  CHECK((answers == std::set<std::uint64_t>{0, 1, 2, 3}));
  CHECK(refused.size() == 16);
  a.tell(close_inbox{carol, a.client.id()});
  a.here.run(2min);
  CHECK(a.metrics.users_active.value() == 0);
}

TEST_CASE("who leaves a user that waits for the store is not forgotten") {
  lone_host<fanned_out> a;
  std::vector<answered> heard;
  auto asking = a.listener(heard);
  auto carol = a.named("carol", {0});
  a.tell(open_inbox{carol, a.laptop, a.client});
  a.here.run(enough);

  // The user looks this conversation up, while more comes than it holds back.
  caf::anon_send(a.host, a.fan_out_of(a.elsewhere_too(), 1, "one", carol));
  for (std::size_t i = 0; i < parked_max + 100; ++i)
    caf::anon_send(a.host, read_status{carol, i, asking});
  caf::anon_send(a.host, close_inbox{carol, a.client.id()});
  a.here.run(enough);

  REQUIRE(heard.size() == parked_max + 100);
  auto refused = std::count_if(heard.begin(), heard.end(), [](const auto& x) {
    return std::holds_alternative<protocol::failed>(x.answer);
  });
  CHECK(refused >= 100);
  heard.clear();
  a.tell(read_status{carol, 1, asking});
  a.here.run(enough);
  REQUIRE(heard.size() == 1);
  CHECK_FALSE(std::get<protocol::user_status>(heard[0].answer).online);
}

TEST_CASE("who leaves while the shard starts is not forgotten") {
  lone_host<fanned_out> a;
  std::vector<answered> heard;
  auto asking = a.listener(heard);
  auto carol = a.named("carol", {0});
  a.env.mailbox_max = 4;
  a.restart_host();

  caf::anon_send(a.host, open_inbox{carol, a.laptop, a.client});
  for (std::size_t i = 0; i < 10; ++i)
    caf::anon_send(a.host, list_devices{carol, i, asking});
  caf::anon_send(a.host, close_inbox{carol, a.client.id()});
  a.await_leader();
  a.here.run(enough);

  // Three were held behind the first.
  std::set<std::uint64_t> refused;
  for (const auto& x : heard)
    if (std::holds_alternative<protocol::failed>(x.answer))
      refused.insert(x.tag);
  CHECK(heard.size() == 10);
  CHECK((refused == std::set<std::uint64_t>{3, 4, 5, 6, 7, 8, 9}));
  heard.clear();
  a.tell(read_status{carol, 1, asking});
  a.here.run(enough);
  REQUIRE(heard.size() == 1);
  CHECK_FALSE(std::get<protocol::user_status>(heard[0].answer).online);
}

TEST_CASE("one user takes the mail of thousands of conversations at once") {
  constexpr std::size_t count = 3000;
  lone_host<fanned_out> a;
  auto carol = a.named("carol", {0});
  std::vector<conversation_id> from;
  for (std::size_t i = 0; i < count; ++i) {
    from.push_back(a.elsewhere_too());
    caf::anon_send(a.host,
                   a.fan_out_of(from.back(), 1, std::to_string(i), carol));
  }

  // Nobody has to send it again.
  a.here.run(delivery_timeout - 1s);

  REQUIRE(a.elsewhere.size() == count);
  for (std::size_t i = 0; i < count; ++i)
    CHECK(a.elsewhere[i].conversation == from[i]);
  a.here.run(enough);
  auto found = a.bodies(ref_of(carol), record::inbox, count);
  REQUIRE(found.size() == count);
  for (std::size_t i = 0; i < count; ++i)
    CHECK(found[i] == std::to_string(i));
}
