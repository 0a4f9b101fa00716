#include "edge/farewell.hpp"
#include "tests/edge/websocket_end.hpp"

namespace websocket_wire_test {

using namespace iris;
using namespace iris::edge;
using namespace iris::edge::test;

namespace {

namespace websocket = boost::beast::websocket;

using error_code = boost::system::error_code;

std::string packed(const protocol::client_frame& frame) {
  std::string out;
  protocol::encode(frame, out);
  return out;
}

std::size_t frame_max(bool known) {
  return known ? protocol::limits::frame_bytes_max
               : protocol::limits::login_frame_bytes_max;
}

/// As a client sends it, with a mask of zeros. Precondition: it is short.
std::string masked(const std::string& payload, char opcode = '\x82') {
  REQUIRE(payload.size() < 126);
  std::string out{opcode, static_cast<char>(0x80 | payload.size())};
  return out.append(4, '\0').append(payload);
}

/// A WebSocket whose node's end is told of to an actor.
class joined : public stage {
public:
  joined() {
    auto ends = connect();
    auto made =
      make_websocket(*home, std::move(ends.first), env, [this] { ++closed; });
    wire = made.wire;
    start_ = made.start;
    client = std::make_shared<websocket_end>(std::move(ends.second));
  }

  /// Ends what the test left open.
  ~joined() {
    error_code ignored;
    client->lower().next_layer().close(ignored);
    if (start_)
      return;
    if (closed == 0)
      wire->close();
    until([this] { return closed > 0; }, "the node's end");
    settle();
  }

  /// With the real connection behind the wire.
  void serve() {
    owner_ = supervision::spawn_on<actors::connection>(
      *home, wire, std::make_shared<const actors::connection_options>(options),
      env);
    start_(owner_, options.output_bytes_max);
    open();
  }

  /// Up to the `pong`, when the token has been taken.
  void say_hello() {
    client->send(packed(protocol::hello{}));
    client->send(packed(protocol::auth{"alice", *device_id::parse("phone")}));
    client->send(packed(protocol::ping{1}));
    until([this] { return client->got.size() == 2; }, "the login");
  }

  void let_in() {
    caf::anon_send(owner_, actors::attached{{}, {0}, {0}, {0}, 1});
    until([this] { return client->got.size() == 3; }, "ready");
  }

  /// The same as `serve`, for a client that is told that it is ready.
  void log_in() {
    serve();
    say_hello();
    let_in();
    client->got.clear();
  }

  /// The same, for a client that says this instead of shaking hands.
  void serve_raw(std::string_view bytes) {
    start_(supervision::spawn_on<probe>(*home, wire, notes), 1024 * 1024);
    start_ = nullptr;
    client->send_raw(bytes);
  }

  /// With a probe, for a client that is known.
  void watch(std::size_t output_bytes_max = 1024 * 1024) {
    wire->logged_in();
    start_(supervision::spawn_on<probe>(*home, wire, notes), output_bytes_max);
    open();
  }

  /// For a client that does not read, but for its first message.
  std::vector<std::string> fill(std::size_t bound) {
    client->reading = false;
    watch(bound);
    auto sent = stage::fill(*wire, bound);
    notes->seen.clear();
    return sent;
  }

  /// For a client that is refused, with this, before it has shaken hands.
  void refuse(std::string_view frame) {
    start_(supervision::spawn_on<probe>(*home, wire, notes), 1000);
    wire->send(frame);
    wire->close();
    open();
  }

  std::shared_ptr<actors::wire> wire;
  std::shared_ptr<websocket_end> client;
  std::shared_ptr<probe::notes> notes = std::make_shared<probe::notes>();
  int closed = 0;

private:
  void open() {
    start_ = nullptr;
    client->open();
    until([this] { return client->opened; }, "the handshake");
  }

  std::function<void(actors::connection_actor, std::size_t)> start_;
  actors::connection_actor owner_;
};

std::string pong(std::uint64_t n) {
  return encoded(protocol::pong{n});
}

lines described(const std::vector<std::string>& frames) {
  lines out;
  for (const auto& x : frames) {
    auto decoded = protocol::decode_server(x);
    REQUIRE(decoded);
    out.push_back(describe(*decoded));
  }
  return out;
}

} // namespace

TEST_CASE("a WebSocket message above the limit gets the typed error") {
  for (auto known : {false, true}) {
    auto limit = frame_max(known);
    for (auto fragment : {limit + 1, 4 * limit, limit / 5}) {
      CAPTURE(known);
      CAPTURE(fragment);
      joined it;
      known ? it.log_in() : it.serve();

      // Never finished: the bound counts, not the end.
      for (std::size_t sent = 0; sent <= limit; sent += fragment)
        it.client->send(std::string(fragment, 'x'), false);

      it.until([&] { return it.client->ended; }, "the end");
      REQUIRE(described(it.client->got)
              == lines{"error frame_too_large fatal"});
      auto error = protocol::decode_server(it.client->got[0]);
      CHECK(std::get<protocol::failed>(*error).text
            == "expected a message of at most " + std::to_string(limit)
                 + " bytes");
      CHECK(it.client->why == websocket::error::closed);
      it.until([&] { return it.closed == 1; }, "the node's end");
    }
  }
}

TEST_CASE("a WebSocket message of the largest size is taken") {
  for (auto known : {false, true}) {
    CAPTURE(known);
    joined it;
    known ? it.log_in() : it.serve();

    it.client->send(padded_ping(7, frame_max(known)));

    it.until([&] { return !it.client->got.empty(); }, "the pong");
    CHECK(described(it.client->got) == lines{"pong 7"});
  }
}

TEST_CASE("a WebSocket message that ready overtakes may be large") {
  joined it;
  it.serve();
  auto bytes = padded_ping(2, frame_max(true));
  auto early = frame_max(false);
  it.say_hello();
  it.client->send(bytes.substr(0, early), false);
  auto before = it.metrics.bytes_in.value();
  it.until([&] { return it.metrics.bytes_in.value() == before + early; },
           "the first part");

  it.let_in();
  it.client->send(bytes.substr(early));

  it.until([&] { return it.client->got.size() == 4; }, "the pong");
  CHECK(described(it.client->got)
        == lines{"welcome", "pong 1", "ready", "pong 2"});
}

TEST_CASE("a message in fragments is one frame") {
  joined it;
  it.watch();
  auto bytes = packed(message(1, 3000));

  for (std::size_t at = 0; at < 3000; at += 500)
    it.client->send(bytes.substr(at, 500), false);
  it.client->ping(); // Control frames may come between.
  it.client->send(bytes.substr(3000));
  it.client->send(packed(protocol::ping{2}));

  it.until([&] { return it.notes->seen.size() == 2; }, "the frames");
  CHECK(it.notes->seen == lines{"send 3000", "ping 2"});
  it.until([&] { return it.client->pongs == 1; }, "the pong");
}

TEST_CASE("a text message is refused") {
  joined it;
  it.serve();
  it.client->lower().text(true);

  it.client->send("ping");

  it.until([&] { return it.client->ended; }, "the end");
  CHECK(described(it.client->got) == lines{"error bad_frame fatal"});
  CHECK(it.client->why == websocket::error::closed);
}

TEST_CASE("an empty message is no frame") {
  joined it;
  it.serve();

  it.client->send("");

  it.until([&] { return it.client->ended; }, "the end");
  CHECK(described(it.client->got) == lines{"error bad_frame fatal"});
}

TEST_CASE("what the client sends last is taken before its close") {
  joined it;
  it.watch();

  it.client->send(packed(protocol::ping{1}));
  it.until([&] { return it.notes->seen.size() == 1; }, "the frame");
  it.client->close();

  it.until([&] { return it.notes->seen.size() == 2; }, "the end");
  CHECK(it.notes->seen == lines{"ping 1", "disconnected"});
  CHECK(it.closed == 1);
}

TEST_CASE("closing sends what is queued, then the close of WebSocket") {
  joined it;
  it.watch();

  for (std::uint64_t i = 1; i <= 20; ++i)
    it.wire->send(pong(i));
  it.wire->close();
  it.wire->send(pong(21)); // Too late.

  it.until([&] { return it.client->ended; }, "the end");
  CHECK(it.client->why == websocket::error::closed);
  CHECK(it.client->lower().reason().code == websocket::close_code::normal);
  auto got = described(it.client->got);
  REQUIRE(got.size() == 20);
  CHECK(got.front() == "pong 1");
  CHECK(got.back() == "pong 20");
  it.until([&] { return it.closed == 1; }, "the node's end");
}

TEST_CASE("who is refused before the WebSocket is open is told why") {
  joined it;

  it.refuse(pong(1));

  it.until([&] { return it.client->ended; }, "the end");
  CHECK(it.client->why == websocket::error::closed);
  CHECK(described(it.client->got) == lines{"pong 1"});
}

TEST_CASE("a connection that goes without a close is the end") {
  joined it;
  it.watch();

  it.client->lower().next_layer().shutdown(tcp::socket::shutdown_send);

  it.until([&] { return !it.notes->seen.empty(); }, "the end");
  CHECK(it.notes->seen == lines{"disconnected"});
}

TEST_CASE("what is no WebSocket is closed") {
  joined it;
  it.serve_raw("GET / HTTP/1.0\r\n\r\n");

  it.until([&] { return it.closed == 1; }, "the node's end");
}

TEST_CASE("a WebSocket that is not resumed is not read") {
  joined it;
  it.notes->resumes = false;
  it.watch();
  it.client->send(packed(protocol::ping{1}));
  it.until([&] { return it.notes->seen.size() == 1; }, "the first frame");
  it.client->send(packed(protocol::ping{2}));
  it.settle();
  CHECK(it.notes->seen == lines{"ping 1"});

  it.wire->resume();
  it.until([&] { return it.notes->seen.size() == 2; }, "the second frame");

  CHECK(it.notes->seen == lines{"ping 1", "ping 2"});
}

TEST_CASE("WebSocket messages of all forms of length arrive") {
  joined it;
  it.watch();
  std::vector<std::string> sent{"", "one"};
  for (std::size_t bytes : {125, 126, 65535, 65536})
    sent.emplace_back(bytes, static_cast<char>('a' + bytes % 26));

  for (const auto& x : sent)
    it.wire->send(x);

  it.until([&] { return it.client->got.size() == sent.size(); }, "all");
  CHECK(it.client->got == sent);
}

TEST_CASE("WebSocket messages queued in one turn leave as one write") {
  stage at;
  auto ends = at.connect();
  auto closed = 0;
  auto made =
    make_websocket(*at.home, std::move(ends.first), at.env, [&] { ++closed; });
  auto notes = std::make_shared<probe::notes>();
  made.start(supervision::spawn_on<probe>(*at.home, made.wire, notes), 1000);
  auto client = std::make_shared<tcp_end>(std::move(ends.second));
  client->read();
  client->send("GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
               "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  at.until([&] { return client->got.ends_with("\r\n\r\n"); }, "the handshake");
  at.settle();
  client->got.clear();
  client->pieces = 0;

  std::string expected;
  for (std::uint64_t i = 0; i < 100; ++i) {
    made.wire->send(pong(i));
    expected += {'\x82', static_cast<char>(pong(i).size())};
    expected += pong(i);
  }
  CHECK(made.wire->queued() == expected.size());
  at.until([&] { return client->got.size() >= expected.size(); }, "all");

  // The client reads once what was written once.
  CHECK(client->pieces == 1);
  CHECK(client->got == expected);
  CHECK(made.wire->queued() == 0);
  client->socket().close();
  at.until([&] { return closed == 1; }, "the node's end");
  at.settle();
}

TEST_CASE("a pong does not break into messages that are being written") {
  joined it;
  auto sent = it.fill(1'000'000);

  it.client->ping();
  it.settle();
  it.client->read_on();

  it.until([&] { return it.client->got.size() == sent.size(); }, "all");
  CHECK(it.client->got == sent);
  it.until([&] { return it.client->pongs == 1; }, "the pong");
}

TEST_CASE("a WebSocket client that goes ends what waits for it") {
  joined it;
  it.fill(100'000);
  it.client->ping(); // Its pong waits, too.
  it.settle();

  error_code ignored;
  it.client->lower().next_layer().close(ignored);

  it.until([&] { return !it.notes->seen.empty(); }, "the end");
  CHECK(it.notes->seen == lines{"disconnected"});
  CHECK(it.closed == 1);
}

TEST_CASE("WebSocket messages that one read brings are handed over as one") {
  joined it;
  it.notes->resumes = false;
  it.watch();

  it.client->send_raw(masked(packed(protocol::ping{1}))
                      + masked(packed(message(1, 10)))
                      + masked(packed(protocol::ping{2})));

  it.until([&] { return !it.notes->seen.empty(); }, "the frames");
  CHECK(it.notes->seen == lines{"ping 1", "send 10", "ping 2"});
}

TEST_CASE("what is before a close does not wait for its end") {
  joined it;
  it.watch();

  it.client->send_raw(masked(packed(protocol::ping{1})) + masked("", '\x88'));
  it.until([&] { return it.client->ended; }, "the answer to the close");

  CHECK(it.notes->seen == lines{"ping 1"});
}

TEST_CASE("a WebSocket client that takes nothing more is cut off") {
  joined it;
  it.fill(100'000);

  it.wire->close();
  for (int i = 0; i < farewell::idle_pauses; ++i) {
    CHECK(it.closed == 0);
    it.skip(farewell::pause);
  }

  CHECK(it.closed == 1);
  CHECK(it.notes->seen == lines{"disconnected"});
}

TEST_CASE("output waits for a WebSocket client that does not read") {
  constexpr std::size_t bound = 100'000;
  joined it;
  auto sent = it.fill(bound);
  CHECK(it.wire->queued() >= bound);
  CHECK(it.wire->queued() < bound + sent.back().size() + 4);

  it.client->read_on();
  it.until([&] { return !it.notes->seen.empty(); }, "the output to drain");
  CHECK(it.notes->seen == lines{"drained"});
  CHECK(it.wire->queued() == 0);
  it.until([&] { return it.client->got.size() == sent.size(); }, "the rest");
  CHECK(it.client->got == sent);
}

} // namespace websocket_wire_test
