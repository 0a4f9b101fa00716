// Three who misbehave on real sockets: the node's memory stays bounded, and
// the neighbours lose nothing.
#include "tests/process/bystanders.hpp"
#include "tests/process/raw_connection.hpp"
#include "tests/process/raw_socket.hpp"

#include "protocol/codec.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace iris;
using namespace iris::process;

namespace {

constexpr std::size_t MiB = 1024 * 1024;

#if defined(__SANITIZE_ADDRESS__)
// Its allocator keeps what was freed: memory is not looked at.
constexpr bool looks_at_memory = false;
constexpr std::size_t rounds_k = 4;
#else
constexpr bool looks_at_memory = true;
constexpr std::size_t rounds_k = 32;
#endif
constexpr std::size_t rounds_alone = rounds_k;

constexpr std::size_t body_bytes = 16 * 1024;
constexpr std::size_t messages_a_round = 48;
constexpr std::uint32_t window = 64;
constexpr std::size_t share = 1000;    ///< submissions a second
constexpr std::size_t flood_every = 8; ///< rounds

const std::string limited = "[storage]\ncache = \"1 MiB\"\n"
                            "[limits]\noutput_bytes = \"128 KiB\"\n"
                            "idle_timeout = \"10m\"\nsends_per_second = "
                            + std::to_string(share) + "\n";

/// What the node may hold more after 4k messages than after k, when LevelDB's
/// buffers are full: what one shard takes on while it writes (8 MiB of
/// submissions, twice that on the way to inboxes), its cache, and one
/// connection's output with the page that went over its bound.
constexpr std::size_t growth_max =
  (8 + 16) * MiB + 1 * MiB + 128 * 1024 + protocol::limits::frame_bytes_max;
/// One reader's queue, if there was one without a bound.
constexpr std::size_t unbounded = 3 * rounds_k * messages_a_round * body_bytes;
static_assert(!looks_at_memory || unbounded > 2 * growth_max);

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

/// Writes to a group, and waits for all answers before it writes more.
struct feeder : member {
  feeder(bystanders& with, const real_node& node)
    : member(with, node, "feeder") {
    auto made =
      connection->create_group("readers", {user("hoarder"), user("deaf")});
    REQUIRE(made);
    group = group_conversation(user("feeder"), *made);
  }

  void await_answers() {
    others.run_until([this] { return answers.size() == 1 + written.size(); },
                     "answers to who writes to the group");
  }

  void write(std::size_t count) {
    await_answers();
    for (; count > 0; --count) {
      auto id = connection->send(group, numbered(written.size()));
      REQUIRE(id);
      written.push_back({*id, written.size()});
    }
  }

  conversation_id group;
  std::vector<entry> written;
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

/// Reads until the node knows it, asks for its inbox, and never reads again.
void log_in_deaf(raw_socket& socket, const real_node& node) {
  auto say = [&](const protocol::client_frame& x) {
    std::string out;
    protocol::encode(x, out);
    socket.write(framed(out));
  };
  say(protocol::hello{});
  say(protocol::auth{node.token(user("deaf")), *device_id::parse("phone")});
  socket.read_until(
    [](auto x) { return x.find("ready") != std::string_view::npos; });
  say(protocol::sync{inbox_offset{0}, protocol::limits::window_max});
}

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

/// How long messages took: half of them, and all but one of a hundred.
std::pair<double, double>
quantiles_ms(std::vector<std::chrono::nanoseconds> of) {
  std::sort(of.begin(), of.end());
  auto at = [&](std::size_t percent) {
    auto i = (of.size() - 1) * percent / 100;
    return static_cast<double>(of[i].count()) / 1e6;
  };
  return {at(50), at(99)};
}

} // namespace

TEST_CASE("those who misbehave cost bounded memory, and others nothing") {
  real_node node{limited, 1};
  node.start();
  bystanders friends{node};
  friends.begin();
  for (std::size_t i = 0; i < rounds_alone; ++i)
    friends.exchange();
  auto [p50_alone, p99_alone] = quantiles_ms(friends.take_delays());

  feeder feeds{friends, node};
  feeds.await_answers();
  raw_connection hoarder{friends.io(), node, "tls"};
  hoarder.log_in(user("hoarder"), "phone", node.token(user("hoarder")));
  hoarder.send(protocol::sync{inbox_offset{0}, window});
  raw_socket deaf{friends.io(), node.port("tcp"), true};
  log_in_deaf(deaf, node);
  flooder floods{friends, node};
  auto load = [&](std::size_t rounds) {
    for (std::size_t i = 0; i < rounds; ++i) {
      if (i % flood_every == 0)
        floods.write(10 * share);
      feeds.write(messages_a_round);
      friends.exchange();
    }
    feeds.await_answers();
    floods.await_answers();
    return node.held_bytes();
  };
  auto held_k = load(rounds_k);
  auto held_4k = load(3 * rounds_k);

  MESSAGE("held after k: ", held_k / 1024, " KiB, after 4k: ", held_4k / 1024,
          " KiB, may grow by ", growth_max / 1024, " KiB");
  if (looks_at_memory)
    CHECK(held_4k <= held_k + growth_max);
  auto [p50, p99] = quantiles_ms(friends.take_delays());
  MESSAGE("neighbours alone: p50 ", p50_alone, " p99 ", p99_alone,
          " ms; with the three: p50 ", p50, " p99 ", p99, " ms; ",
          p50 / p50_alone, " and ", p99 / p99_alone, " times as much");
  for (const auto& x : friends.problems())
    FAIL_CHECK(x);
  // Nobody was thrown out, and nothing is lost.
  CHECK(connections(node) == bystanders::count + 4);
  CHECK(items_of(hoarder) == window);
  auto taken = floods.taken();
  MESSAGE("the flooder wrote ", floods.written.size(), " messages, ",
          taken.size(), " were taken");
  CHECK(taken.size() > 0);
  CHECK(taken.size() < floods.written.size());
  for (const auto* name : {"hoarder", "deaf"}) {
    CAPTURE(name);
    member reader{friends, node, name};
    reader.await_inbox(feeds.written.size());
    CHECK((reader.inbox == feeds.written));
  }
  member sink{friends, node, "sink"};
  sink.await_inbox(taken.size());
  CHECK((sink.inbox == taken));
  node.kill();
  auto found = node.verify();
  INFO(found.text);
  CHECK(found.status == 0);
}
