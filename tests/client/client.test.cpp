#include "clients/cpp/client.hpp"

#include "security/certificates.hpp"
#include "security/tls.hpp"
#include "tests/client/frame_server.hpp"
#include "tests/client/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace client_test {

using namespace iris;
using namespace iris::client;
using namespace std::chrono_literals;

namespace {

constexpr auto enough = 20s;

/// A node of our own making on the loopback, and a client of it.
struct loopback {
  explicit loopback(const std::string& scheme,
                    frame_server::answer with = friendly_node)
    : secure(scheme == "tls" || scheme == "wss"),
      server(io, scheme, std::move(with), secure ? server_tls() : nullptr) {}

  SSL_CTX* server_tls() {
    files = *security::make_self_signed(here.path(), {"localhost", "127.0.0.1"},
                                        system_clock().wall_now());
    context = *security::server_context(files.cert, files.key);
    return context.get();
  }

  std::shared_ptr<const tls_context> trust() const {
    return secure ? *tls_context::create(files.ca.string()) : nullptr;
  }

  options to(std::vector<std::string> urls) const {
    options out;
    out.endpoints = std::move(urls);
    out.device = *device_id::parse("phone");
    out.token = [] { return "token"; };
    return out;
  }

  void start(std::vector<std::string> urls) {
    alice = std::make_unique<iris::client::client>(
      io, to(std::move(urls)),
      [this](event x) { events.push_back(std::move(x)); }, trust());
    alice->start();
  }
  void start() { start({server.url()}); }

  bool until(const std::function<bool()>& done) {
    return run_until(io, done, enough);
  }

  template <class Event>
  std::vector<Event> all() const {
    std::vector<Event> out;
    for (const auto& x : events)
      if (const auto* y = std::get_if<Event>(&x))
        out.push_back(*y);
    return out;
  }
  template <class Event>
  bool await(std::size_t n = 1) {
    return until([&] {
      return static_cast<std::size_t>(std::count_if(
               events.begin(), events.end(),
               [](const auto& x) { return std::holds_alternative<Event>(x); }))
             >= n;
    });
  }

  boost::asio::io_context io;
  test::temporary_directory here;
  security::certificate_files files;
  security::ssl_context_ptr context;
  bool secure;
  frame_server server;
  std::vector<event> events;
  std::unique_ptr<iris::client::client> alice;
};

user_id bob() {
  return *user_id::parse("bob");
}

const std::string schemes[] = {"tcp", "tls", "ws", "wss"};

} // namespace

TEST_CASE("a message goes out and comes in over every transport") {
  for (const auto& scheme : schemes) {
    CAPTURE(scheme);
    loopback at{scheme};
    at.start();
    REQUIRE(at.await<connected>());

    auto id = at.alice->send(bob(), "hello");

    REQUIRE(id);
    REQUIRE(at.await<message>());
    CHECK(at.all<protocol::sent>().at(0).id == *id);
    CHECK(at.all<message>().at(0).item.body == "hello");
    // And is acknowledged.
    CHECK(at.until([&] {
      const auto& frames = at.server.peers.at(0)->frames;
      return std::holds_alternative<protocol::ack>(frames.back());
    }));
    CHECK(at.all<disconnected>().empty());
  }
}

TEST_CASE("large messages pass in both directions, whole and in order") {
  for (const auto& scheme : schemes) {
    CAPTURE(scheme);
    loopback at{scheme};
    at.start();
    for (int i = 0; i < 100; ++i)
      REQUIRE(at.alice->send(bob(), std::string(60'000, char('a' + i % 26))));

    REQUIRE(at.await<message>(100));

    auto got = at.all<message>();
    for (std::size_t i = 0; i < 100; ++i)
      CHECK(got[i].item.body == std::string(60'000, char('a' + i % 26)));
    CHECK(at.all<disconnected>().empty());
  }
}

TEST_CASE("what is sent in one turn goes out in one write") {
  for (const auto* scheme : {"tcp", "tls"}) {
    CAPTURE(scheme);
    loopback at{scheme};
    at.start();
    REQUIRE(at.await<connected>());
    auto& node = *at.server.peers.at(0);
    // What follows `connected` has to be there first.
    REQUIRE(at.until([&] { return node.frames.size() == 3; }));
    auto before = node.reads;

    for (int i = 0; i < 50; ++i)
      REQUIRE(at.alice->send(bob(), "x"));

    REQUIRE(at.until([&] { return node.frames.size() >= 53; }));
    CHECK(node.reads == before + 1);
  }
}

TEST_CASE("a client comes back and says what was not answered") {
  for (const auto& scheme : schemes) {
    CAPTURE(scheme);
    int connections = 0;
    loopback at{scheme, [&](peer& to, const protocol::client_frame& frame) {
                  if (std::holds_alternative<protocol::hello>(frame))
                    ++connections;
                  if (connections == 1
                      && std::holds_alternative<protocol::send>(frame))
                    return to.close();
                  friendly_node(to, frame);
                }};
    at.start();
    auto id = *at.alice->send(bob(), "hello");

    REQUIRE(at.await<protocol::sent>());

    CHECK(at.all<protocol::sent>().at(0).id == id);
    CHECK(at.all<disconnected>().size() == 1);
    CHECK(at.all<disconnected>().at(0).reason.code == errc::no_connection);
    CHECK(at.server.peers.size() == 2);
  }
}

TEST_CASE("what a node said last is read, though it takes no more") {
  for (const auto& scheme : schemes) {
    CAPTURE(scheme);
    loopback at{scheme};
    at.start();
    REQUIRE(at.await<connected>());
    auto& node = *at.server.peers.at(0);
    REQUIRE(at.until([&] { return node.frames.size() == 3; }));

    node.send(protocol::goaway{"stopping", 0, {}});
    node.cut();
    // The client writes before it hears of either.
    REQUIRE(at.alice->send(bob(), "hello"));

    REQUIRE(at.await<protocol::sent>());
    REQUIRE(at.all<disconnected>().size() == 1);
    CHECK(to_string(at.all<disconnected>().at(0).reason)
          == to_string(error{errc::draining, "stopping"}));
  }
}

TEST_CASE("the next endpoint is tried when one is not there") {
  loopback at{"tcp"};
  std::string nobody;
  {
    boost::asio::io_context other;
    nobody = frame_server{other, "tcp", friendly_node}.url();
  }

  at.start({nobody, at.server.url()});

  REQUIRE(at.await<connected>());
  for (const auto& x : at.all<disconnected>())
    CHECK(x.reason.code == errc::no_connection);
}

TEST_CASE("a host name is resolved, and its certificate checked") {
  for (const auto* scheme : {"tls", "wss"}) {
    CAPTURE(scheme);
    loopback at{scheme};

    at.start({at.server.url("localhost")});

    REQUIRE(at.await<connected>());
  }
}

TEST_CASE("a certificate of somebody else is refused") {
  for (const auto* scheme : {"tls", "wss"}) {
    CAPTURE(scheme);
    loopback at{scheme};
    test::temporary_directory elsewhere;
    auto other = *security::make_self_signed(elsewhere.path(), {"localhost"},
                                             system_clock().wall_now());
    SUBCASE("whom we don't trust") {
      at.files.ca = other.ca;
    }
    SUBCASE("for another host") {
      at.context = *security::server_context(other.cert, other.key);
      at.files.ca = other.ca;
    }
    frame_server impostor{at.io, scheme, friendly_node, at.context.get()};

    at.start({impostor.url()});

    REQUIRE(at.await<disconnected>());
    auto reason = at.all<disconnected>().at(0).reason;
    CHECK(reason.code == errc::no_connection);
    CHECK(reason.context.find("certificate") != std::string::npos);
    CHECK(impostor.peers.at(0)->frames.empty());
  }
}

TEST_CASE("TLS 1.2 is not spoken") {
  loopback at{"tls"};
  SSL_CTX_set_min_proto_version(at.context.get(), TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(at.context.get(), TLS1_2_VERSION);

  at.start();

  REQUIRE(at.await<disconnected>());
  CHECK(at.all<disconnected>().at(0).reason.context
        == "expected a TLS 1.3 handshake to succeed");
}

TEST_CASE("bytes that can't be frames are a broken protocol") {
  struct garbage {
    std::string scheme;
    std::string bytes;
    bool text;
    errc code;
  };
  std::string too_long(4, '\x7f');
  std::string nothing(4, '\0');
  for (const auto& x :
       {garbage{"tcp", too_long, false, errc::frame_too_large},
        garbage{"tls", nothing, false, errc::bad_frame},
        garbage{"ws", std::string(300'000, 'x'), false, errc::frame_too_large},
        garbage{"wss", "text", true, errc::bad_frame}}) {
    CAPTURE(x.scheme);
    loopback at{x.scheme, [&](peer& to, const protocol::client_frame& frame) {
                  if (std::holds_alternative<protocol::hello>(frame))
                    to.send_bytes(x.bytes, x.text);
                }};
    at.start();

    REQUIRE(at.await<disconnected>());

    CHECK(at.all<protocol_error>().at(0).what.code == x.code);
    CHECK(at.all<disconnected>().at(0).reason.code == x.code);
  }
}

TEST_CASE("an endpoint that can't be one is an error like any other") {
  loopback at{"tcp"};
  SUBCASE("") {
    at.start({"http://example.org"});
    REQUIRE(at.await<disconnected>());
    CHECK(at.all<disconnected>().at(0).reason.code == errc::bad_field);
  }
  SUBCASE("") {
    at.start({"tls://127.0.0.1:1"});
    REQUIRE(at.await<disconnected>());
    CHECK(at.all<disconnected>().at(0).reason.code == errc::config_invalid);
  }
}

TEST_CASE("a node that says nothing is given up in time") {
  for (const auto& scheme : schemes) {
    CAPTURE(scheme);
    loopback at{scheme, [](peer&, const protocol::client_frame&) {}};
    auto with = at.to({at.server.url()});
    with.handshake_timeout = 20ms;
    std::vector<event> events;
    iris::client::client alice{at.io, with,
                               [&](event x) { events.push_back(std::move(x)); },
                               at.trust()};
    alice.start();

    REQUIRE(at.until([&] { return !events.empty(); }));

    CHECK(std::get<disconnected>(events.at(0)).reason.code == errc::timed_out);
  }
}

TEST_CASE("a client comes back when the node that stops said it should") {
  for (const auto& scheme : schemes) {
    CAPTURE(scheme);
    loopback at{scheme, [](peer& to, const protocol::client_frame& frame) {
                  friendly_node(to, frame);
                  if (std::holds_alternative<protocol::auth>(frame))
                    to.send(protocol::goaway{"upgrade", 1});
                }};
    auto with = at.to({at.server.url()});
    // Nothing else wakes it up.
    with.connect_timeout = with.handshake_timeout = with.drain_timeout = 1h;
    with.backoff_base = with.backoff_max = 1ms;
    iris::client::client alice{
      at.io, with, [&](event x) { at.events.push_back(std::move(x)); },
      at.trust()};
    alice.start();

    REQUIRE(at.await<connected>(2));

    CHECK(at.all<disconnected>().at(0).reason.code == errc::draining);
  }
}

TEST_CASE("a stopped client has said what it had to say") {
  for (const auto& scheme : schemes) {
    CAPTURE(scheme);
    loopback at{scheme};
    auto with = at.to({at.server.url()});
    with.auto_ack = false;
    iris::client::client alice{
      at.io, with, [&](event x) { at.events.push_back(x); }, at.trust()};
    alice.start();
    REQUIRE(alice.send(bob(), "hello"));
    REQUIRE(at.await<message>());

    REQUIRE(alice.ack({1}));
    alice.stop();

    auto& node = *at.server.peers.at(0);
    CHECK(at.until([&] {
      return std::holds_alternative<protocol::ack>(node.frames.back());
    }));
    CHECK(alice.state() == state::stopped);
  }
}

TEST_CASE("a client may go at any time") {
  for (const auto& scheme : schemes) {
    CAPTURE(scheme);
    // Each turn of the loop ends somewhere else.
    for (int turns = 0; turns < 20; ++turns) {
      loopback at{scheme};
      at.start();
      REQUIRE(at.alice->send(bob(), "hello"));
      for (int i = 0; i < turns; ++i)
        at.io.run_one_for(20ms);
      at.alice.reset();
      at.events.clear();
      at.io.run_for(1ms);
      CHECK(at.events.empty());
    }
  }
}

TEST_CASE("run_until gives up when its time is over") {
  boost::asio::io_context io;

  CHECK_FALSE(run_until(
    io, [] { return false; }, 5ms));
  CHECK(run_until(
    io, [] { return true; }, 0ms));
}

TEST_CASE("who has stopped leaves its io_context nothing to wait for") {
  boost::asio::io_context io;
  auto lost = false;
  options with;
  with.endpoints = {"tcp://127.0.0.1:1"};
  with.device = *device_id::parse("phone");
  with.token = [] { return "token"; };
  with.backoff_base = with.backoff_max = 1h;
  iris::client::client alice{io, with, [&](const event& x) {
                               lost = std::holds_alternative<disconnected>(x);
                             }};
  alice.start();
  REQUIRE(run_until(
    io, [&] { return lost; }, enough));

  alice.stop();

  io.poll();
  CHECK(io.stopped());
}

} // namespace client_test
