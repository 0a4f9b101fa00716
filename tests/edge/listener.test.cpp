#include "edge/listener.hpp"

#include "tests/edge/stage.hpp"

using namespace iris;
using namespace iris::edge;
using namespace iris::edge::test;

TEST_CASE("who is accepted while the node stops is told so") {
  stage at;
  gate admission{10, 10};
  auto options = std::make_shared<const actors::connection_options>(at.options);
  edge_parts parts{{at.home.get()},
                   at.env,
                   admission,
                   [&] { return options; },
                   [] { return std::shared_ptr<SSL_CTX>{}; }};
  auto opened = listener::open(transport::tcp,
                               *config::endpoint::parse("127.0.0.1:0"), parts);
  REQUIRE(opened);
  auto& it = **opened;
  it.start();

  // The listener has accepted it, and nobody knows of it yet.
  it.drain();
  tcp::socket socket{at.home->io()};
  socket.connect({boost::asio::ip::address_v4::loopback(), it.port()});
  auto client = std::make_shared<tcp_end>(std::move(socket));
  client->read();
  at.until([&] { return client->ended; }, "the end");

  auto found = frames_in(client->got);
  REQUIRE(found.size() == 1);
  CHECK(describe(found[0]) == "goaway");
  client->socket().close();
  at.until([&] { return it.connections() == 0; }, "the node's end");
  it.stop();
  at.settle();
}
