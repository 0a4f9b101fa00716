#include "admin/server.hpp"
#include "tests/admin/running_server.hpp"

#include <future>

namespace server_test {

using namespace iris;
using namespace iris::admin;
using namespace std::chrono_literals;

namespace {

constexpr auto healthz = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr auto tree = "GET /v1/tree HTTP/1.1\r\nHost: x\r\n"
                      "Authorization: Bearer operator\r\n\r\n";
constexpr auto healthy = "HTTP/1.1 200 OK\r\n"
                         "Content-Type: text/plain; charset=utf-8\r\n"
                         "Cache-Control: no-store\r\n"
                         "Content-Length: 3\r\n\r\nok\n";

server_options at_most(std::uint32_t connections) {
  server_options options;
  options.connections_max = connections;
  return options;
}

} // namespace

TEST_CASE("an address that isn't one is refused") {
  boost::asio::io_context on;
  server_options options;
  // Too long for a name: nobody is asked about it.
  options.address = std::string(64, 'x');

  auto made = server::listen(on, options, sample_handlers());

  REQUIRE_FALSE(made);
  CHECK(made.failure()
        == error{errc::config_invalid,
                 "can't resolve " + options.address
                   + ": expected an IP address or a name of this machine"});
}

TEST_CASE("a name of this machine is an address") {
  boost::asio::io_context on;
  server_options options;
  options.address = "localhost";

  auto made = server::listen(on, options, sample_handlers());

  REQUIRE(made);
  CHECK((*made)->port() != 0);
}

TEST_CASE("a port that is taken is refused") {
  running_server first;
  boost::asio::io_context on;
  server_options options;
  options.port = first.port();

  auto made = server::listen(on, options, sample_handlers());

  REQUIRE_FALSE(made);
  CHECK(made.failure().code == errc::io_failed);
  CHECK(made.failure().context
        == "expected to listen on 127.0.0.1 port "
             + std::to_string(first.port()) + ": Address already in use");
}

TEST_CASE("one connection too many is told so, and room is given back") {
  running_server s{sample_handlers(), at_most(2)};
  client a{s.port()};
  {
    client b{s.port()};
    for (auto* x : {&a, &b}) {
      x->send(healthz);
      CHECK(x->answer() == healthy);
    }

    client c{s.port()};
    c.send(healthz);
    CHECK(c.rest()
          == "HTTP/1.1 503 Service Unavailable\r\n"
             "Content-Type: application/json\r\n"
             "Cache-Control: no-store\r\n"
             "Retry-After: 1\r\n"
             "Connection: close\r\n"
             "Content-Length: 72\r\n\r\n"
             R"({"code":400,"name":"overloaded",)"
             R"("text":"expected at most 2 connections"})");
    b.finish();
    CHECK(b.rest().empty());
  }

  // The listener has closed b before it accepts d: room is free for sure.
  client d{s.port()};
  d.send(healthz);
  CHECK(d.answer() == healthy);
}

TEST_CASE("a storm beyond all room is cut off and then served again") {
  running_server s{sample_handlers(), at_most(1)};
  {
    client a{s.port()};
    a.send(healthz);
    CHECK(a.answer() == healthy);
    std::vector<std::unique_ptr<client>> storm;
    storm.reserve(40);
    for (int i = 0; i < 40; ++i)
      storm.push_back(std::make_unique<client>(s.port()));
    for (auto& x : storm) {
      x->finish();
      auto all = x->rest();
      CHECK((all.empty() || all.starts_with("HTTP/1.1 503 ")));
    }
    a.finish();
    CHECK(a.rest().empty());
  }

  CHECK(talk(s.port(), healthz) == healthy);
}

TEST_CASE("a stop closes idle connections") {
  running_server s;
  client fresh{s.port()}, used{s.port()};
  used.send(healthz);
  CHECK(used.answer() == healthy);

  s.begin_stop();

  CHECK(used.rest().empty());
  CHECK(fresh.rest().empty());
}

TEST_CASE("a stop tells a client whose request isn't complete") {
  server_options options;
  // Nobody is told because this is over.
  options.read_timeout = std::chrono::hours{1};
  running_server s{sample_handlers(), options};
  client half{s.port()};
  half.send("GET /healthz HTTP/1.1\r\nExpect: 100-continue\r\n"
            "Content-Length: 5\r\n\r\n");
  CHECK(half.answer() == "HTTP/1.1 100 Continue\r\n\r\n");

  s.begin_stop();

  CHECK(half.rest()
        == "HTTP/1.1 503 Service Unavailable\r\n"
           "Content-Type: application/json\r\n"
           "Cache-Control: no-store\r\n"
           "Retry-After: 1\r\n"
           "Connection: close\r\n"
           "Content-Length: 60\r\n\r\n"
           R"({"code":405,"name":"draining","text":"the node is stopping"})");
}

TEST_CASE("a stop lets an answer under way go out, then closes") {
  auto to = sample_handlers();
  std::promise<respond> asked;
  to.tree = [&](respond done) { asked.set_value(std::move(done)); };
  running_server s{to};
  client busy{s.port()}, idle{s.port()};
  busy.send(tree);
  auto done = asked.get_future().get();

  s.begin_stop();
  CHECK(idle.rest().empty());
  done(std::string{"{}"});

  auto answer = busy.rest();
  CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(answer.find("\r\nConnection: close\r\n") != answer.npos);
  CHECK(body_of(answer) == "{}");
}

TEST_CASE("run returns after a stop") {
  running_server s;
  talk(s.port(), healthz);

  s.stop();

  CHECK_THROWS(client{s.port()});
}

TEST_CASE("an answer may come when the listener is gone") {
  auto to = sample_handlers();
  std::promise<respond> asked;
  to.tree = [&](respond done) { asked.set_value(std::move(done)); };
  server_options options;
  options.answer_timeout = 10ms;
  respond done;
  {
    running_server s{to, options};
    CHECK(talk(s.port(), tree).starts_with("HTTP/1.1 504 "));
    done = asked.get_future().get();
  }

  done(std::string{"{}"});
}

TEST_CASE("a listener that never ran is destroyed in peace") {
  boost::asio::io_context on;
  auto made = server::listen(on, {}, sample_handlers());
  REQUIRE(made);
  CHECK((*made)->port() != 0);
}

} // namespace server_test
