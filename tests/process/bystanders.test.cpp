#include "tests/process/bystanders.hpp"
#include "protocol/codec.hpp"
#include "tests/process/raw_connection.hpp"
#include "tests/process/raw_socket.hpp"

#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

#include <stdexcept>
#include <thread>

namespace bystanders_test {

using namespace iris;
using namespace iris::process;

namespace {

constexpr std::uint64_t seed = 1;
constexpr auto messages_in = "iris_messages_in_total";
constexpr int block_sends = 20;

/// A node, its bystanders, and somebody who means no good.
struct scene {
  explicit scene(const std::string& config = {}) : node(config) {
    node.start();
    friends.emplace(node);
    friends->begin();
    nothing_happened();
  }

  raw_socket connect(const char* transport) {
    return {friends->io(), node.port(transport)};
  }

  /// What a node answers to these bytes, all of it, before it closes.
  std::string reply(const char* transport, std::string_view bytes) {
    auto stranger = connect(transport);
    stranger.write(bytes);
    return stranger.read_to_end();
  }

  void nothing_happened() {
    friends->exchange();
    for (const auto& x : friends->problems())
      FAIL_CHECK(x);
  }

  double connections() const {
    double out = 0;
    for (const auto& [name, value] : node.metrics())
      if (name.starts_with("iris_connections{"))
        out += value;
    return out;
  }

  /// The node tells nobody that a figure moved: we have to ask again.
  void ask_until(const std::function<bool()>& done, const char* what) {
    auto now = [] { return system_clock().steady_now(); };
    for (auto until = now() + std::chrono::seconds{60}; !done();
         friends->io().poll())
      if (now() > until)
        throw std::runtime_error(std::string{"expected "} + what);
  }

  /// The strangers are gone, and the node has nothing to say about it.
  void end() {
    ask_until([this] { return connections() == bystanders::count; },
              "connections of strangers to be forgotten");
    auto ready = node.get("/readyz");
    CHECK(ready.status == 200);
    CHECK(ready.body.find("\"ready\":true") != std::string::npos);
    nothing_happened();
    std::optional<result<void>> ended;
    std::thread stopping{[&] {
      auto how = node.terminate();
      boost::asio::post(friends->io(), [&ended, how] { ended = how; });
    }};
    friends->run_until([&] { return ended.has_value(); }, "the node to end");
    stopping.join();
    INFO(ended->failure().context);
    CHECK(*ended);
    auto found = node.verify();
    INFO(found.text);
    CHECK(found.status == 0);
    CHECK(found.text.ends_with("no problems\n"));
  }

  real_node node;
  std::optional<bystanders> friends;
};

std::string encoded(const protocol::client_frame& x) {
  std::string out;
  protocol::encode(x, out);
  return out;
}

std::string on_stream(const protocol::client_frame& x) {
  return framed(encoded(x));
}

protocol::send some_send(random_source& random, std::string body) {
  protocol::send out;
  out.id = make_message_id(system_clock().wall_now(), random);
  out.to = *user_id::parse("mallory"); // no bystander
  out.body = std::move(body);
  return out;
}

std::string mutated(std::string frame, random_source& random) {
  for (auto n = 1 + random.below(3); n > 0 && !frame.empty(); --n) {
    auto at = random.below(frame.size());
    if (random.chance(70))
      frame[at] = static_cast<char>(random.next());
    else if (random.chance(50))
      frame.erase(at, 1 + random.below(4));
    else
      frame.insert(at, 1, static_cast<char>(random.next()));
  }
  return frame;
}

/// To a first frame, and an empty one behind it.
std::string answers_to_first(const std::string& frame) {
  if (frame.empty())
    return "bad_frame, fatal";
  auto decoded = protocol::decode_client(frame);
  if (!decoded)
    return std::string{to_string(decoded.failure().code)} + ", fatal";
  if (const auto* x = std::get_if<protocol::hello>(&*decoded))
    return x->min > protocol::version_max || x->max < protocol::version_min
             ? "version_unsupported, fatal"
             : "welcome then bad_frame, fatal";
  if (std::holds_alternative<protocol::ping>(*decoded))
    return "pong then bad_frame, fatal";
  if (std::holds_alternative<protocol::pong>(*decoded))
    return "bad_frame, fatal";
  return "illegal_state, fatal";
}

const std::string empty_frame(4, '\0');

const std::string upgrade = "GET / HTTP/1.1\r\nHost: localhost\r\n"
                            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                            "Sec-WebSocket-Version: 13\r\n\r\n";

/// A whole message of a client. The mask changes nothing: it is zero.
std::string message(char opcode, std::string_view text) {
  std::string out{static_cast<char>(0x80 | opcode),
                  static_cast<char>(0x80 | text.size())};
  return out.append(4, '\0').append(text);
}

} // namespace

TEST_CASE("bad frames end one connection, each with its code") {
  MESSAGE("seed ", seed);
  random_source random{seed};
  scene all;
  auto hello = on_stream(protocol::hello{});
  auto send = on_stream(some_send(random, "too early"));
  auto auth = on_stream(protocol::auth{"no token", *device_id::parse("phone")});
  struct {
    std::string bytes;
    std::string expected;
  } steps[]{
    {framed("\xc1 garbage"), "bad_frame, fatal"},
    {"\xff\xfe\xfd garbage", "frame_too_large, fatal"},
    {std::string{"\0\0\x40\x01", 4}, "frame_too_large, fatal"},
    {hello + std::string{"\0\0\x40\x01", 4},
     "welcome then frame_too_large, fatal"},
    {empty_frame, "bad_frame, fatal"},
    {send, "illegal_state, fatal"},
    {hello + send, "welcome then illegal_state, fatal"},
    {hello + auth, "welcome then token_invalid, fatal"},
  };
  for (const auto& x : steps) {
    CAPTURE(x.expected);
    CHECK(summary(all.reply("tcp", x.bytes)) == x.expected);
    all.nothing_happened();
  }

  const std::string valid[]{
    encoded(protocol::hello{1, 1, {"x-example"}, "hostile"}),
    encoded(protocol::auth{"no token", *device_id::parse("phone")}),
    encoded(some_send(random, "hello")), encoded(protocol::ping{7})};
  std::map<std::string, int> kinds;
  for (int i = 0; i < 200; ++i) {
    CAPTURE(i);
    auto frame = mutated(valid[random.below(std::size(valid))], random);
    auto expected = answers_to_first(frame);
    CHECK(summary(all.reply("tcp", framed(frame) + empty_frame)) == expected);
    ++kinds[expected];
  }
  // The proof is none if they are all refused for the same reason.
  CHECK(kinds.size() >= 4);
  all.nothing_happened();
  all.end();
}

TEST_CASE("who is ready may send a large frame at once") {
  real_node node;
  node.start();
  boost::asio::io_context io;
  random_source random{seed};
  auto carol = *user_id::parse("carol");
  for (const auto* transport : transports) {
    CAPTURE(transport);
    raw_connection link{io, node, transport};
    link.log_in(carol, "phone", node.token(carol));
    auto large = some_send(random, std::string(60'000, 'x'));

    link.send(large);

    CHECK(link.await<protocol::sent>(1).at(0).id == large.id);
  }
}

TEST_CASE("what is no TLS and no WebSocket ends one connection") {
  scene all;
  // What doesn't even look like TLS gets no answer. An alert is a record of
  // 7 bytes: fatal, and why, here an unexpected message.
  auto refusal = [&](std::string_view bytes) {
    return all.reply("tls", bytes);
  };
  CHECK(refusal("plain text, to a TLS port\n") == "");
  all.nothing_happened();
  CHECK(refusal({"\x16\x03\x01\0\x08garbage!", 13})
        == std::string{"\x15\x03\x03\0\x02\x02\x0a", 7});
  all.nothing_happened();

  CHECK(all.reply("ws", "no HTTP at all\r\n\r\n") == "");
  all.nothing_happened();
  CHECK(all.reply("ws", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
          .starts_with("HTTP/1.1 400 Bad Request\r\n"));
  all.nothing_happened();
  {
    auto half = all.connect("ws");
    half.write(upgrade.substr(0, upgrade.size() / 2));
    half.end_output();
    CHECK(half.read_to_end() == "");
    all.nothing_happened();
  }

  auto text = all.connect("ws");
  text.write(upgrade);
  auto head = text.read_until([](auto x) { return x.ends_with("\r\n\r\n"); });
  CHECK(head.starts_with("HTTP/1.1 101 "));
  text.write(message(0x1, "a text"));
  const std::string goodbye{"\x88\x02\x03\xe8", 4};
  auto got = text.read_until([&](auto x) { return x.ends_with(goodbye); });
  got.erase(0, head.size());
  REQUIRE(got.size() > 2 + goodbye.size());
  CHECK(got[0] == '\x82');
  CHECK(static_cast<std::size_t>(got[1]) == got.size() - 2 - goodbye.size());
  auto frame = protocol::decode_server(
    std::string_view{got}.substr(2, got.size() - 2 - goodbye.size()));
  REQUIRE(frame);
  CHECK(summary_of(*frame) == "bad_frame, fatal");
  text.write(message(0x8, {"\x03\xe8", 2}));
  // As long as we don't end, too, the node lingers.
  text.end_output();
  CHECK(text.read_to_end() == head + got);
  all.nothing_happened();
  all.end();
}

TEST_CASE("who vanishes, storms or floods takes nothing with him") {
  MESSAGE("seed ", seed);
  random_source random{seed};
  scene all;
  auto hello = on_stream(protocol::hello{});
  for (const auto* x : transports) {
    auto half = all.connect(x);
    half.write(std::string_view{hello}.substr(0, hello.size() / 2));
    half.reset();
    all.nothing_happened();
  }

  for (int i = 0; i < 200; ++i)
    all.connect(transports[random.below(transports.size())]);
  all.nothing_happened();

  auto mallory = *user_id::parse("mallory");
  raw_socket flood{all.friends->io(), all.node.port("tcp"), true};
  flood.write(hello);
  flood.write(on_stream(
    protocol::auth{all.node.token(mallory), *device_id::parse("phone")}));
  std::string block;
  for (int i = 0; i < block_sends; ++i)
    block += on_stream(some_send(random, std::string(2000, 'x')));
  for (int i = 0; i < 1000; ++i)
    block += on_stream(protocol::ping{7});
  flood.read_until(
    [](auto x) { return x.find("ready") != std::string_view::npos; });
  auto before = all.node.metrics()[messages_in];
  flood.flood(block, 1 << 20);
  all.ask_until(
    [&] { return all.node.metrics()[messages_in] >= before + block_sends; },
    "the node to take part in the flood");
  all.nothing_happened();
  flood.reset();
  all.end();
}

TEST_CASE("who never gets on is told when the time is over") {
  scene all{"[limits]\nhandshake_timeout = \"1s\"\n"};
  auto hello = on_stream(protocol::hello{});

  CHECK(summary(all.reply("tcp", hello.substr(0, hello.size() / 2)))
        == "timed_out, fatal");
  all.nothing_happened();
  CHECK(summary(all.reply("tcp", hello)) == "welcome then timed_out, fatal");
  all.nothing_happened();
  // Before the transport is open there is nobody to tell.
  CHECK(all.reply("tls", "\x16\x03\x01") == "");
  all.nothing_happened();
  CHECK(all.reply("ws", upgrade.substr(0, upgrade.size() / 2)) == "");
  all.nothing_happened();
  all.end();
}

} // namespace bystanders_test
