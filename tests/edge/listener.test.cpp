#include "edge/listener.hpp"

#include "tests/edge/stage.hpp"

namespace listener_test {

using namespace iris;
using namespace iris::edge;
using namespace iris::edge::test;

namespace {

/// A listener of TCP that has started.
struct listening {
  listening() {
    auto opened = listener::open(
      transport::tcp, *config::endpoint::parse("127.0.0.1:0"), parts);
    REQUIRE(opened);
    it = *std::move(opened);
    it->start();
  }
  ~listening() {
    at.until([this] { return it->connections() == 0; }, "the node's end");
    it->stop();
    at.settle();
  }

  /// The listener has accepted it, and nobody knows of it yet.
  std::shared_ptr<tcp_end> connect() {
    tcp::socket socket{at.home->io()};
    socket.connect({boost::asio::ip::address_v4::loopback(), it->port()});
    auto out = std::make_shared<tcp_end>(std::move(socket));
    out->read();
    return out;
  }

  /// What a client is told until the end.
  std::string told(tcp_end& client) {
    at.until([&] { return client.ended; }, "the end");
    auto found = frames_in(client.got);
    REQUIRE(found.size() == 1);
    client.socket().close();
    return describe(found[0]);
  }

  stage at;
  gate admission{10, 10};
  std::shared_ptr<const actors::connection_options> options =
    std::make_shared<const actors::connection_options>(at.options);
  edge_parts parts{{at.home.get()},
                   at.env,
                   admission,
                   [this] { return options; },
                   [] { return std::shared_ptr<SSL_CTX>{}; },
                   [this] { return others; }};
  std::vector<std::string> others;
  std::shared_ptr<listener> it;
};

} // namespace

TEST_CASE("who is accepted while the node stops is told so") {
  listening a;

  a.it->drain();

  CHECK(a.told(*a.connect()) == "goaway");
}

TEST_CASE("who has to go is told of the nodes that there are by then") {
  listening a;
  a.others = {"tcp://b:1"};
  auto early = a.connect();
  a.at.until([&] { return a.it->connections() == 1; }, "the connection");
  a.it->drain();
  CHECK(a.told(*early) == "goaway tcp://b:1");

  a.others = {"tcp://c:1", "tcp://d:1"};

  CHECK(a.told(*a.connect()) == "goaway tcp://c:1 tcp://d:1");
}

TEST_CASE("once the node takes clients again, who connects may stay") {
  listening a;
  a.it->drain();

  a.it->welcome();
  auto client = a.connect();
  // Answered by who listens, and by nobody who says goodbye.
  client->send(framed(protocol::hello{9, 9, {}, ""}));

  CHECK(a.told(*client) == "error version_unsupported fatal");
}

} // namespace listener_test
