// Three who misbehave on real sockets: the node's memory stays bounded, and
// the neighbours lose nothing.
#include "tests/process/bystanders.hpp"
#include "tests/process/percentile.hpp"
#include "tests/process/raw_connection.hpp"
#include "tests/process/raw_socket.hpp"

#include "persistence/store_options.hpp"
#include "protocol/codec.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace bounds_test {

using namespace iris;
using namespace iris::process;

namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

#ifdef IRIS_SANITIZED
// Its allocator keeps what was freed: memory is not looked at.
constexpr bool looks_at_memory = false;
constexpr std::size_t rounds_k = 2;
#else
constexpr bool looks_at_memory = true;
constexpr std::size_t rounds_k = 16;
#endif

constexpr std::size_t messages_a_round = 64;
constexpr std::size_t body_bytes = 63 * kib / 4; ///< four fit in a page
constexpr std::uint32_t window = 64;
constexpr std::size_t share = 1000;    ///< submissions a second
constexpr std::size_t flood_every = 8; ///< rounds
/// All devices that one user may have, each with a queue of its own in front
/// of it, but one copy of each message in the store.
constexpr std::size_t deaf_devices = 8;
constexpr std::size_t requests_a_round = 20;

constexpr std::size_t output_bytes = 128 * kib;
constexpr std::size_t cache_bytes = 1 * mib;
const std::string limited = "[storage]\ncache = \"1 MiB\"\n"
                            "reserve = \"16 MiB\"\n"
                            "[limits]\noutput_bytes = \"128 KiB\"\n"
                            "idle_timeout = \"10m\"\nsends_per_second = "
                            + std::to_string(share) + "\n";

// What the node may hold more at its worst moment among the later messages
// than among the first, limit by limit: as if none of them was in use before.

/// Of each store, one buffer that fills and one on its way to a table.
constexpr std::size_t stores = 2;
constexpr std::size_t write_buffers =
  stores * 2 * persistence::store_options{}.write_buffer_bytes;
/// storage.cache, and as much for the log.
constexpr std::size_t caches = stores * cache_bytes;
/// Indexes and filters of open tables, as store_options has them.
constexpr std::size_t open_tables = stores * 64 * 128 * kib;
/// What one shard takes on while it writes: submissions, and fan-outs on top.
constexpr std::size_t shard_bytes = (8 + 16) * mib;
/// Bystanders, two good readers, who writes to groups, the flooder, hoarder.
constexpr std::size_t connected =
  bystanders::count + 2 + 1 + 1 + 1 + deaf_devices;
/// limits.output_bytes of each, and a frame that went beyond it.
constexpr std::size_t outputs =
  connected * (output_bytes + protocol::limits::frame_bytes_max);
constexpr std::size_t growth_max =
  write_buffers + caches + open_tables + shard_bytes + outputs;

/// The queues of those who never read, if they had no bound: of messages, and
/// of pages that they go on asking for.
constexpr std::size_t unbounded_items =
  deaf_devices * 3 * rounds_k * messages_a_round * body_bytes;
constexpr std::size_t unbounded_pages =
  deaf_devices * 3 * rounds_k * requests_a_round * 4 * body_bytes;
static_assert(!looks_at_memory || unbounded_items > 2 * growth_max);
static_assert(!looks_at_memory || unbounded_pages > 2 * growth_max);
static_assert(4 * rounds_k * messages_a_round <= protocol::limits::window_max);

user_id user(const char* name) {
  return *user_id::parse(name);
}

std::string numbered(std::size_t n) {
  auto out = std::to_string(n);
  out.resize(body_bytes, '.');
  return out;
}

/// A user as the library makes them, and what is in the inbox.
struct member {
  struct entry {
    message_id id;
    std::size_t number;
    bool operator==(const entry&) const = default;
  };

  member(bystanders& with, const real_node& node, const char* name)
    : others(with) {
    client::options how;
    how.endpoints = {node.url("tcp")};
    how.device = *device_id::parse("phone");
    how.token = [&node, name] { return node.token(user(name)); };
    connection = std::make_unique<client::client>(
      with.io(), how, [this](const client::event& x) { note(x); });
    connection->start();
  }

  void note(const client::event& what) {
    if (const auto* x = std::get_if<client::message>(&what)) {
      if (x->item.kind != protocol::item_kind::message)
        return;
      auto number = std::stoul(x->item.body);
      CHECK((x->item.body == numbered(number)
             || x->item.body == std::to_string(number)));
      inbox.push_back({x->item.id, number});
    } else if (const auto* s = std::get_if<protocol::sent>(&what)) {
      answers.push_back(*s);
    } else if (const auto* f = std::get_if<client::failed>(&what)) {
      FAIL_CHECK(to_string(f->why));
    }
  }

  void await_inbox(std::size_t count) {
    others.run_until([&] { return inbox.size() >= count; }, "a whole inbox");
  }

  bystanders& others;
  std::unique_ptr<client::client> connection;
  std::vector<entry> inbox;
  std::vector<protocol::sent> answers;
};

/// Writes to groups, and waits for all answers before it writes more.
struct feeder : member {
  struct group {
    conversation_id id;
    std::vector<entry> written;
  };

  feeder(bystanders& with, const real_node& node)
    : member(with, node, "feeder") {}

  group create(const char* title, std::vector<user_id> readers) {
    auto made = connection->create_group(title, std::move(readers));
    REQUIRE(made);
    ++submitted;
    await_answers();
    return {group_conversation(user("feeder"), *made), {}};
  }

  void await_answers() {
    others.run_until([this] { return answers.size() == submitted; },
                     "answers to who writes to groups");
  }

  void write(group& to, std::size_t count) {
    await_answers();
    for (; count > 0; --count, ++submitted) {
      auto id = connection->send(to.id, numbered(to.written.size()));
      REQUIRE(id);
      to.written.push_back({*id, to.written.size()});
    }
  }

  std::size_t submitted = 0;
};

/// Writes without end and heeds nothing that it is told.
struct flooder {
  flooder(bystanders& with, const real_node& node)
    : others(with), link(with.io(), node, "tcp") {
    link.log_in(user("flooder"), "phone", node.token(user("flooder")));
    before = link.frames().size();
  }

  void await_answers() {
    others.run_until(
      [this] { return link.frames().size() >= before + written.size(); },
      "an answer to each message of a flood");
  }

  void write(std::size_t count) {
    await_answers();
    for (; count > 0; --count) {
      protocol::send x;
      x.id = make_message_id(system_clock().wall_now(), random);
      x.to = user("sink");
      x.body = std::to_string(written.size());
      link.send(x);
      written.push_back({x.id, written.size()});
    }
  }

  /// Each has one answer: its place, or when to come again. What has a place.
  std::vector<member::entry> taken() const {
    std::map<message_id, std::optional<sequence>> answers;
    for (auto i = before; i < link.frames().size(); ++i) {
      const auto& frame = link.frames()[i];
      if (const auto* s = std::get_if<protocol::sent>(&frame)) {
        CHECK_FALSE(s->duplicate);
        CHECK(answers.emplace(s->id, s->seq).second);
        continue;
      }
      const auto* f = std::get_if<protocol::failed>(&frame);
      REQUIRE(f);
      REQUIRE(f->id);
      CHECK((f->code == errc::rate_limited || f->code == errc::overloaded));
      CHECK(f->retry_after_ms > 0);
      CHECK_FALSE(f->fatal);
      CHECK(answers.emplace(*f->id, std::nullopt).second);
    }
    std::vector<member::entry> out;
    for (const auto& x : written) {
      REQUIRE(answers.contains(x.id));
      if (const auto& place = answers[x.id]) {
        out.push_back(x);
        CHECK(*place == sequence{out.size()});
      }
    }
    CHECK(answers.size() == written.size());
    return out;
  }

  bystanders& others;
  random_source random{1};
  raw_connection link;
  std::size_t before = 0;
  std::vector<member::entry> written;
};

/// One user's devices: each reads until the node knows it, asks for its inbox,
/// and never reads again.
struct deaf_user {
  deaf_user(bystanders& with, const real_node& node) {
    for (std::size_t i = 0; i < deaf_devices; ++i) {
      auto& x = *devices.emplace_back(
        std::make_unique<raw_socket>(with.io(), node.port("tcp"), true));
      say(x, protocol::hello{});
      auto name = i == 0 ? "phone" : "tablet-" + std::to_string(i);
      say(x, protocol::auth{node.token(user("deaf")), *device_id::parse(name)});
      x.read_until(
        [](auto seen) { return seen.find("ready") != std::string_view::npos; });
      say(x, protocol::sync{inbox_offset{0}, protocol::limits::window_max});
    }
  }

  /// Asks each for pages of old messages.
  void ask(const conversation_id& about) {
    for (auto& x : devices)
      for (std::size_t i = 0; i < requests_a_round; ++i)
        say(*x, protocol::history{1, about, sequence{2},
                                  protocol::limits::page_max, false});
  }

  static void say(raw_socket& to, const protocol::client_frame& what) {
    std::string out;
    protocol::encode(what, out);
    to.say(framed(out));
  }

  std::vector<std::unique_ptr<raw_socket>> devices;
};

std::size_t items_of(const raw_connection& x) {
  std::size_t out = 0;
  for (const auto& frame : x.frames())
    if (const auto* page = std::get_if<protocol::items>(&frame)) {
      CHECK(page->first == inbox_offset{out + 1});
      out += page->list.size();
    }
  return out;
}

double connections(const real_node& node) {
  double out = 0;
  for (const auto& [name, value] : node.metrics())
    if (name.starts_with("iris_connections{"))
      out += value;
  return out;
}

} // namespace

TEST_CASE("those who misbehave cost bounded memory, and others nothing") {
  real_node node{limited, 1};
  node.start();
  bystanders friends{node};
  friends.begin();
  feeder feeds{friends, node};
  // First to those who read, for comparison.
  member ada{friends, node, "ada"}, ben{friends, node, "ben"};
  auto good = feeds.create("good", {user("ada"), user("ben")});
  for (std::size_t i = 0; i < rounds_k; ++i) {
    feeds.write(good, messages_a_round);
    friends.exchange();
  }
  for (auto* x : {&ada, &ben}) {
    x->await_inbox(good.written.size());
    CHECK((x->inbox == good.written));
  }
  auto before = friends.take_delays();

  auto bad = feeds.create("bad", {user("hoarder"), user("deaf")});
  raw_connection hoarder{friends.io(), node, "tls"};
  hoarder.log_in(user("hoarder"), "phone", node.token(user("hoarder")));
  hoarder.send(protocol::sync{inbox_offset{0}, window});
  deaf_user deaf{friends, node};
  flooder floods{friends, node};
  auto load = [&](std::size_t rounds, bool asks) {
    std::uint64_t most = 0;
    for (std::size_t i = 0; i < rounds; ++i) {
      if (i % flood_every == 0)
        floods.write(10 * share);
      if (asks)
        deaf.ask(bad.id);
      feeds.write(bad, messages_a_round);
      friends.exchange();
      most = std::max(most, node.held_bytes());
    }
    feeds.await_answers();
    floods.await_answers();
    return std::max(most, node.held_bytes());
  };
  // When they begin to ask, what they don't read is full.
  auto most_k = load(rounds_k, false);
  auto most_4k = load(3 * rounds_k, true);

  auto grown = most_4k - std::min(most_k, most_4k);
  MESSAGE("held at most up to k: ", most_k / kib,
          " KiB, up to 4k: ", most_4k / kib, " KiB; grown by ", grown / kib,
          " KiB of at most ", growth_max / kib, ", without a bound by ",
          unbounded_items / kib);
  if (looks_at_memory)
    CHECK(grown <= growth_max);
  auto after = friends.take_delays();
  for (std::size_t n : {50, 99}) {
    auto usual = percentile(before, n), now = percentile(after, n);
    MESSAGE("neighbours' p", n, ": ", usual, " ms beside good readers, ", now,
            " ms beside the three, ", now / usual, " times that");
  }
  for (const auto& x : friends.problems())
    FAIL_CHECK(x);
  // Nobody was thrown out, and nothing is lost.
  CHECK(connections(node) == connected);
  CHECK(items_of(hoarder) == window);
  auto taken = floods.taken();
  MESSAGE("the flooder wrote ", floods.written.size(), " messages, ",
          taken.size(), " were taken");
  CHECK(taken.size() > 0);
  CHECK(taken.size() < floods.written.size());
  for (const auto* name : {"hoarder", "deaf"}) {
    CAPTURE(name);
    member reader{friends, node, name};
    reader.await_inbox(bad.written.size());
    CHECK((reader.inbox == bad.written));
  }
  member sink{friends, node, "sink"};
  sink.await_inbox(taken.size());
  CHECK((sink.inbox == taken));
  node.kill();
  auto found = node.verify();
  INFO(found.text);
  CHECK(found.status == 0);
}

} // namespace bounds_test
