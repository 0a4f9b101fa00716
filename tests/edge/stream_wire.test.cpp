#include "edge/stream_wire.hpp"

#include "edge/farewell.hpp"
#include "protocol/framer.hpp"
#include "security/certificates.hpp"
#include "security/tls.hpp"
#include "tests/edge/stage.hpp"
#include "tests/security/temporary_directory.hpp"

namespace stream_wire_test {

using namespace iris;
using namespace iris::edge;
using namespace iris::edge::test;
using namespace std::chrono_literals;

namespace {

std::string ping(std::uint64_t n) {
  return framed(protocol::ping{n});
}

std::string pong(std::uint64_t n) {
  return encoded(protocol::pong{n});
}

std::uint32_t frame_max(bool known) {
  return known ? protocol::limits::frame_bytes_max
               : protocol::limits::login_frame_bytes_max;
}

/// A node's certificate, and a client that trusts it.
struct tls_node {
  tls_node() {
    auto files = *security::make_self_signed(folder.path(), {"localhost"},
                                             system_clock().wall_now());
    context = *security::server_context(files.cert, files.key);
    trusting = *security::client_context(files.ca);
  }

  security::test::temporary_directory folder;
  security::ssl_context_ptr context;
  security::ssl_context_ptr trusting;
};

/// The node's end of TLS, and a client's that the test moves by hand.
class tls_pair {
public:
  tls_pair(stage& at, const tls_node& node) : at_(at) {
    auto ends = at.connect();
    made = std::make_shared<stream_wire<net::tls_stream>>(
      *at.home, std::move(ends.first), at.env, [this] { ++closed; },
      node.context.get(), net::tls_side::server);
    client = std::make_unique<tcp::socket>(std::move(ends.second));
    client->non_blocking(true);
    stream.emplace(client->native_handle(), node.trusting.get(),
                   net::tls_side::client);
    REQUIRE(security::set_peer_name(stream->handle(), "localhost"));
  }

  ~tls_pair() {
    client->close();
    if (closed == 0)
      made->close();
    at_.until([this] { return closed > 0; }, "the node's end");
    at_.settle();
  }

  void watch() {
    made->logged_in();
    made->start(supervision::spawn_on<probe>(*at_.home, made, notes),
                1024 * 1024);
  }

  void shake_hands() {
    at_.until(
      [this] {
        auto went = stream->handshake().status;
        REQUIRE(went != net::io_status::closed);
        return went == net::io_status::done || (poll(), false);
      },
      "the handshake");
  }

  /// What the node sends next; empty at its end.
  std::string receive() {
    std::string got(100, '\0');
    net::io_result read;
    at_.until(
      [&] {
        read = stream->read(got.data(), got.size());
        return read.status == net::io_status::done
               || read.status == net::io_status::closed || (poll(), false);
      },
      "what the node sends");
    got.resize(read.bytes);
    return got;
  }

  /// What happens at once, for the client's socket is not among the waiting.
  void poll() {
    at_.home->post([] {});
  }

  std::shared_ptr<stream_wire<net::tls_stream>> made;
  std::unique_ptr<tcp::socket> client;
  std::optional<net::tls_stream> stream;
  std::shared_ptr<probe::notes> notes = std::make_shared<probe::notes>();
  int closed = 0;

private:
  stage& at_;
};

} // namespace

TEST_CASE("frames are the same however they are cut") {
  auto bytes = ping(1) + framed(message(2, 60'000)) + ping(3);
  for (std::size_t piece : {1UL, 3UL, 4UL, 5UL, 1000UL, bytes.size()}) {
    CAPTURE(piece);
    stage at;
    tcp_pair it{at};
    it.watch();

    // One by one only at the ends, or it takes long.
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      auto edge = sent < 100 || bytes.size() - sent < 100;
      auto n = edge ? piece : std::max<std::size_t>(piece, 997);
      auto part = bytes.substr(sent, n);
      sent += part.size();
      auto before = at.metrics.bytes_in.value();
      it.client->send(part);
      at.until(
        [&] { return at.metrics.bytes_in.value() == before + part.size(); },
        "the part");
    }
    at.until([&] { return it.notes->seen.size() == 3; }, "the frames");

    CHECK(it.notes->seen == lines{"ping 1", "send 60000", "ping 3"});
  }
}

TEST_CASE("half a frame is kept, and its end with the connection is no error") {
  stage at;
  tcp_pair it{at};
  it.watch();
  it.client->send(ping(1) + ping(2).substr(0, 7));
  it.client->finish();

  at.until([&] { return it.notes->seen.size() == 2; }, "the end");

  CHECK(it.closed == 1);
  CHECK(it.notes->seen == lines{"ping 1", "disconnected"});
}

TEST_CASE("a length above the limit is refused before the frame comes") {
  for (auto known : {false, true}) {
    CAPTURE(known);
    stage at;
    tcp_pair it{at};
    if (known)
      it.log_in();
    else
      it.serve();
    it.client->send(
      framed(padded_ping(1, frame_max(known)))
      + framed(std::string(frame_max(known) + 1, 'x')).substr(0, 4));

    at.until([&] { return it.client->ended; }, "the end");

    auto got = frames_in(it.client->got);
    CHECK(it.take() == lines{"pong 1", "error frame_too_large fatal"});
    CHECK(std::get<protocol::failed>(got.back()).text
          == (known ? "expected a frame of at most 262144 bytes, found 262145"
                    : "expected a frame of at most 16384 bytes, found 16385"));
  }
}

TEST_CASE("a large frame behind auth comes too early, as a small one does") {
  auto login = framed(protocol::hello{})
               + framed(protocol::auth{"alice", *device_id::parse("phone")})
               + framed(protocol::ping{1});
  for (std::size_t body : {10, 60'000})
    for (auto at_once : {true, false}) {
      CAPTURE(body);
      CAPTURE(at_once);
      stage at;
      tcp_pair it{at};
      it.serve();
      auto send = framed(message(1, body));

      it.client->send(at_once ? login + send : login);
      at.until([&] { return it.has("pong 1"); }, "the login");
      if (!at_once)
        it.client->send(send);
      at.until([&] { return it.client->ended; }, "the end");

      auto why = body == 10 ? "error illegal_state fatal"
                            : "error frame_too_large fatal";
      CHECK(it.take() == lines{"welcome", "pong 1", why});
    }
}

TEST_CASE("a frame that ready overtakes may be large") {
  stage at;
  tcp_pair it{at};
  auto owner = it.serve();
  auto large = framed(padded_ping(2, frame_max(true)));
  auto before = framed(protocol::hello{})
                + framed(protocol::auth{"alice", *device_id::parse("phone")})
                + framed(protocol::ping{1}) + large.substr(0, 3);
  it.client->send(before);
  at.until([&] { return it.has("pong 1"); }, "the login");
  at.until([&] { return at.metrics.bytes_in.value() == before.size(); },
           "the first part");

  caf::anon_send(owner, actors::attached{{}, {0}, {0}, {0}, 1});
  at.until([&] { return it.has("ready"); }, "ready");
  it.client->send(large.substr(3));

  at.until([&] { return it.has("pong 2"); }, "the pong");
  CHECK(it.take() == lines{"welcome", "pong 1", "ready", "pong 2"});
}

TEST_CASE("what is sent in one turn leaves as one write") {
  stage at;
  tcp_pair it{at};
  it.watch();
  at.settle();
  auto before = at.metrics.bytes_out.value();

  for (std::uint64_t i = 1; i <= 100; ++i)
    it.wire->send(pong(i));
  CHECK(at.metrics.bytes_out.value() == before);
  CHECK(it.wire->queued() == 100 * (4 + pong(1).size()));
  at.until([&] { return it.client->got.size() == 100 * (4 + pong(1).size()); },
           "the frames");

  // The client reads once what was written once.
  CHECK(it.client->pieces == 1);
  auto got = it.take();
  REQUIRE(got.size() == 100);
  CHECK(got.front() == "pong 1");
  CHECK(got.back() == "pong 100");
  CHECK(it.wire->queued() == 0);
}

TEST_CASE("output waits for a client that does not read") {
  constexpr std::size_t bound = 100'000;
  stage at;
  tcp_pair it{at};
  it.client->reading = false;
  it.watch(bound);
  auto sent = at.fill(*it.wire, bound);
  CHECK(it.wire->queued() >= bound);
  CHECK(it.wire->queued() < bound + sent.back().size() + 4);
  it.notes->seen.clear();

  it.client->reading = true;
  it.client->read();
  at.until([&] { return !it.notes->seen.empty(); }, "the output to drain");
  CHECK(it.notes->seen == lines{"drained"});
  CHECK(it.wire->queued() == 0);
  std::string expected;
  for (const auto& x : sent)
    expected += framed(x);
  at.until([&] { return it.client->got.size() == expected.size(); },
           "the rest");
  CHECK(it.client->got == expected);
}

TEST_CASE("a connection that is not resumed is not read") {
  stage at;
  tcp_pair it{at};
  it.notes->resumes = false;
  it.watch();
  it.client->send(ping(1));
  at.until([&] { return it.notes->seen.size() == 1; }, "the first frame");
  it.client->send(ping(2));
  at.settle();
  CHECK(it.notes->seen == lines{"ping 1"});

  it.wire->resume();
  at.until([&] { return it.notes->seen.size() == 2; }, "the second frame");

  CHECK(it.notes->seen == lines{"ping 1", "ping 2"});
}

TEST_CASE("closing sends what is queued, and waits for the client's end") {
  stage at;
  tcp_pair it{at};
  it.watch();
  at.settle();
  it.wire->send(pong(1));
  it.wire->close();
  it.wire->send(pong(2)); // Too late.
  it.client->send(ping(3));

  at.until([&] { return it.client->ended; }, "the end of the output");
  CHECK(it.take() == lines{"pong 1"});
  CHECK(it.closed == 0);
  it.client->finish();
  at.until([&] { return !it.notes->seen.empty(); }, "the end");

  // What came after the close is dropped.
  CHECK(it.notes->seen == lines{"disconnected"});
}

TEST_CASE("a client that takes nothing more when it closes is cut off") {
  stage at;
  tcp_pair it{at};
  it.client->reading = false;
  it.watch(100'000);
  at.fill(*it.wire, 100'000);

  it.wire->close();
  for (int i = 0; i < farewell::idle_pauses; ++i) {
    CHECK(it.closed == 0);
    at.skip(farewell::pause);
  }

  CHECK(it.closed == 1);
  CHECK(it.notes->seen.back() == "disconnected");
}

TEST_CASE("a client that has got all and does not close is cut off") {
  stage at;
  tcp_pair it{at};
  it.watch();
  it.wire->send(pong(1));
  it.wire->close();
  at.until([&] { return it.client->ended; }, "the end of the output");
  auto& own = dynamic_cast<stream_wire<net::plain_stream>&>(*it.wire);
  while (own.left() > 0)
    at.settle(); // The system acknowledges it, of which no event tells.

  at.skip(farewell::pause); // The pong was taken.
  for (int i = 0; i < farewell::idle_pauses; ++i) {
    CHECK(it.closed == 0);
    at.skip(farewell::pause);
  }

  CHECK(it.closed == 1);
  CHECK(it.take() == lines{"pong 1"});
}

TEST_CASE("a client that takes its last frames slowly has more time for them") {
  constexpr std::size_t bound = 60'000'000;
  stage at;
  tcp_pair it{at};
  it.client->reading = false;
  it.watch(bound);
  at.fill(*it.wire, bound);
  it.wire->close();

  for (int i = 0; i < 2 * farewell::idle_pauses; ++i) {
    CHECK(it.closed == 0);
    auto before = it.wire->queued();
    it.client->reading = true;
    it.client->read();
    at.until([&] { return it.wire->queued() < before; }, "the client");
    it.client->reading = false;
    at.skip(farewell::pause);
  }
  CHECK(it.wire->queued() > 0);
  for (int i = 0; i < farewell::idle_pauses; ++i) {
    CHECK(it.closed == 0);
    at.skip(farewell::pause);
  }

  CHECK(it.closed == 1);
}

TEST_CASE("frames pass through TLS") {
  stage at;
  tls_node node;
  tls_pair it{at, node};
  it.watch();
  it.shake_hands();

  auto bytes = ping(1) + framed(message(2, 50'000));
  std::size_t written = 0;
  at.until(
    [&] {
      auto put =
        it.stream->write(bytes.data() + written, bytes.size() - written);
      written += put.bytes;
      return written == bytes.size() || (it.poll(), false);
    },
    "the client's writes");
  at.until([&] { return it.notes->seen.size() == 2; }, "the frames");
  CHECK(it.notes->seen == lines{"ping 1", "send 50000"});

  it.made->send(pong(4));
  auto got = frames_in(it.receive());
  REQUIRE(got.size() == 1);
  CHECK(describe(got[0]) == "pong 4");
}

TEST_CASE("half a TLS handshake ends when its time is over") {
  stage at;
  tls_node node;
  tls_pair it{at, node};
  auto options = std::make_shared<actors::connection_options>(at.options);
  options->session.handshake_timeout = 1ms;
  // The client's hello goes out, and its end of the handshake never.
  REQUIRE(it.stream->handshake().status == net::io_status::wants_read);
  it.made->start(supervision::spawn_on<actors::connection>(
                   *at.home, it.made,
                   std::shared_ptr<const actors::connection_options>{options},
                   at.env),
                 options->output_bytes_max);

  at.until([&] { return it.closed == 1; }, "the end");

  CHECK(at.metrics.connections_refused.with("timed_out").value() == 1);
}

TEST_CASE("who is refused before the TLS handshake is done is told why") {
  stage at;
  tls_node node;
  tls_pair it{at, node};
  it.watch();
  it.made->send(pong(1));
  it.made->close();

  it.shake_hands();

  auto got = frames_in(it.receive());
  REQUIRE(got.size() == 1);
  CHECK(describe(got[0]) == "pong 1");
  CHECK(it.receive().empty());
}

TEST_CASE("what is no TLS ends a connection that expects it") {
  stage at;
  tls_node node;
  tls_pair it{at, node};
  it.watch();

  it.client->send(boost::asio::buffer(ping(1)));

  at.until([&] { return !it.notes->seen.empty(); }, "the end");
  CHECK(it.notes->seen == lines{"disconnected"});
}

} // namespace stream_wire_test
