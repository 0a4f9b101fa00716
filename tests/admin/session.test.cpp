#include "tests/admin/running_server.hpp"

#include <rapidcheck.h>

#include <future>

namespace session_test {

using namespace iris;
using namespace iris::admin;
using namespace std::chrono_literals;

namespace {

/// The whole of an answer, in the order that the listener gives its headers.
std::string answer_of(const std::string& status, const std::string& body,
                      const std::string& headers = "") {
  return "HTTP/1.1 " + status
         + "\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
         + headers + "Content-Length: " + std::to_string(body.size())
         + "\r\n\r\n" + body;
}

/// The same of one that ends the connection.
std::string last_answer_of(const std::string& status, const std::string& body) {
  return answer_of(status, body, "Connection: close\r\n");
}

std::string get(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

std::string get_as(const std::string& bearer, const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
         + bearer + "\r\n\r\n";
}

std::string post_token(const std::string& body) {
  return "POST /v1/tokens HTTP/1.1\r\nHost: x\r\n"
         "Authorization: Bearer operator\r\nContent-Length: "
         + std::to_string(body.size()) + "\r\n\r\n" + body;
}

const std::string healthy = "HTTP/1.1 200 OK\r\n"
                            "Content-Type: text/plain; charset=utf-8\r\n"
                            "Cache-Control: no-store\r\n"
                            "Content-Length: 3\r\n\r\nok\n";

server_options impatient() {
  server_options options;
  options.read_timeout = 50ms;
  options.answer_timeout = 20ms;
  return options;
}

} // namespace

TEST_CASE("every endpoint answers on one connection") {
  running_server s;
  client peer{s.port()};
  auto ask = [&](const std::string& bytes) {
    peer.send(bytes);
    return peer.answer();
  };

  CHECK(ask(get("/healthz")) == healthy);
  CHECK(ask(get("/metrics"))
        == "HTTP/1.1 200 OK\r\n"
           "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
           "Cache-Control: no-store\r\n"
           "Content-Length: 11\r\n\r\n# HELP x X\n");
  CHECK(ask(get("/readyz"))
        == answer_of("200 OK", R"({"ready":true,"checks":{"store":"ok"}})"));
  CHECK(ask(get_as("operator", "/v1/tree"))
        == answer_of("200 OK", R"({"name":"root"})"));
  CHECK(ask(get_as("operator", "/v1/status"))
        == answer_of("200 OK", R"({"node":1})"));
  CHECK(ask(post_token(R"({"user":"alice"})"))
        == answer_of("200 OK", R"({"token":"token of alice"})"));
}

TEST_CASE("an error of the endpoints leaves the connection open") {
  running_server s;
  client peer{s.port()};

  peer.send(get("/v1/tree"));
  CHECK(peer.answer()
        == answer_of("401 Unauthorized",
                     R"({"code":200,"name":"unauthenticated","text":)"
                     R"("expected the header Authorization: Bearer )"
                     R"(<operator token>"})",
                     "WWW-Authenticate: Bearer\r\n"));
  peer.send(get_as("user", "/v1/tree"));
  CHECK(peer.answer()
        == answer_of("403 Forbidden",
                     R"({"code":203,"name":"forbidden",)"
                     R"("text":"expected the role operator"})"));
  peer.send(get("/nowhere"));
  CHECK(peer.answer()
        == answer_of(
          "404 Not Found",
          R"({"code":308,"name":"not_found","text":"expected one )"
          R"(of /healthz, /metrics, /readyz, /v1/nodes, )"
          R"(/v1/nodes/drain, /v1/nodes/remove, /v1/repair, /v1/shards, )"
          R"(/v1/shards/move, /v1/shards/transfer, )"
          R"(/v1/status, /v1/tokens, /v1/tree, /v1/verify"})"));
  peer.send("DELETE /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(peer.answer()
        == answer_of("405 Method Not Allowed",
                     R"({"code":103,"name":"unknown_type",)"
                     R"("text":"expected GET"})",
                     "Allow: GET, HEAD\r\n"));
  peer.send(post_token("{}"));
  CHECK(peer.answer()
        == answer_of("400 Bad Request",
                     R"({"code":102,"name":"bad_field","text":"expected a )"
                     R"(JSON object with user and, if wanted, device and )"
                     R"(lifetime_s"})"));
  peer.send(get("/healthz"));
  CHECK(peer.answer() == healthy);
}

TEST_CASE("pipelined requests are answered in their order") {
  running_server s;

  auto all = talk(s.port(), get("/healthz") + post_token(R"({"user":"bob"})")
                              + get_as("operator", "/v1/status"));

  CHECK(all
        == healthy + answer_of("200 OK", R"({"token":"token of bob"})")
             + answer_of("200 OK", R"({"node":1})"));
}

TEST_CASE("a request that comes byte by byte is one request") {
  running_server s;
  client peer{s.port()};

  for (char c : post_token(R"({"user":"alice"})"))
    peer.send({&c, 1});

  CHECK(peer.answer() == answer_of("200 OK", R"({"token":"token of alice"})"));
}

TEST_CASE("a body in chunks is read like any other") {
  running_server s;

  auto all = talk(s.port(), "POST /v1/tokens HTTP/1.1\r\nHost: x\r\n"
                            "Authorization: Bearer operator\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n"
                            "9\r\n{\"user\":\"\r\n7\r\nalice\"}\r\n0\r\n\r\n");

  CHECK(all == answer_of("200 OK", R"({"token":"token of alice"})"));
}

TEST_CASE("a client that waits to send its body is told to go on") {
  running_server s;
  client peer{s.port()};
  std::string body = R"({"user":"alice"})";

  peer.send("POST /v1/tokens HTTP/1.1\r\nAuthorization: Bearer operator\r\n"
            "Expect: 100-continue\r\nContent-Length: "
            + std::to_string(body.size()) + "\r\n\r\n");
  CHECK(peer.answer() == "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send(body);

  CHECK(peer.answer() == answer_of("200 OK", R"({"token":"token of alice"})"));
}

TEST_CASE("HEAD is answered with the header alone") {
  running_server s;
  client peer{s.port()};

  peer.send("HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(peer.answer(false) == healthy.substr(0, healthy.size() - 3));
  peer.send(get("/healthz"));
  CHECK(peer.answer() == healthy);
}

TEST_CASE("a client of HTTP/1.0 or one that asks for it is closed") {
  running_server s;
  client old{s.port()}, done{s.port()};

  old.send("GET /healthz HTTP/1.0\r\n\r\n");
  CHECK(old.rest()
        == "HTTP/1.0 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
           "Cache-Control: no-store\r\nContent-Length: 3\r\n\r\nok\n");
  done.send("GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n");
  CHECK(done.rest()
        == "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
           "Cache-Control: no-store\r\nConnection: close\r\n"
           "Content-Length: 3\r\n\r\nok\n");
}

TEST_CASE("half a request is answered as one that is not whole") {
  running_server s;
  auto expected = last_answer_of(
    "400 Bad Request", R"({"code":100,"name":"bad_frame","text":)"
                       R"("expected an HTTP/1.1 request, got partial )"
                       R"(message"})");

  CHECK(talk(s.port(), "GET /hea") == expected);
  CHECK(talk(s.port(), "GET /healthz HTTP/1.1\r\nHost: x\r\n") == expected);
  auto whole = post_token(R"({"user":"alice"})");
  CHECK(talk(s.port(), whole.substr(0, whole.size() - 1)) == expected);
}

TEST_CASE("a client that says nothing is answered with nothing") {
  running_server s;

  CHECK(talk(s.port(), "").empty());
}

TEST_CASE("what is not HTTP is refused, and the connection closed") {
  running_server s;
  struct {
    std::string bytes, got;
  } cases[] = {
    {std::string{"\x16\x03\x01\x02\x00\x01\x00\x01", 8}, "bad method"},
    {"\r\n\r\n", "bad method"},
    {"GET\r\n\r\n", "bad method"},
    {"GET /healthz HTTP/3.0\r\n\r\n", "bad version"},
    {"GET /healthz HTTP/1.1\r\nno colon\r\n\r\n", "bad field"},
    {"GET /healthz HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
     "bad Content-Length"},
    {"GET /healthz HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
     "bad chunk"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.bytes);
    client peer{s.port()};
    peer.send(one.bytes);
    CHECK(peer.rest()
          == last_answer_of("400 Bad Request",
                            R"({"code":100,"name":"bad_frame","text":)"
                            R"("expected an HTTP/1.1 request, got )"
                              + one.got + "\"}"));
  }
}

TEST_CASE("after any bytes the listener serves the next client") {
  running_server s;
  CHECK(rc::check([&](const std::string& bytes) {
    auto all = talk(s.port(), bytes);
    RC_ASSERT(all.empty() || all.starts_with("HTTP/1.1 400 "));
    RC_ASSERT(talk(s.port(), get("/healthz")) == healthy);
  }));
}

TEST_CASE("a header of just the limit is taken, a longer one refused") {
  server_options options;
  options.header_bytes_max = 1000;
  running_server s{sample_handlers(), options};
  std::string start = "GET /healthz HTTP/1.1\r\nX: ", end = "\r\n\r\n";
  std::string fill(1000 - 3 - end.size(), 'x');
  auto refused = last_answer_of(
    "431 Request Header Fields Too Large",
    R"({"code":101,"name":"frame_too_large",)"
    R"("text":"expected at most 1000 bytes of request line or fields"})");

  CHECK(talk(s.port(), start + fill + end) == healthy);
  CHECK(talk(s.port(), start + fill + "x" + end) == refused);
  CHECK(talk(s.port(), start + std::string(200'000, 'x')) == refused);
  CHECK(talk(s.port(), std::string(200'000, 'G')) == refused);
}

TEST_CASE("a body of just the limit is taken, a longer one refused") {
  running_server s;
  std::string body(16 * 1024, ' ');
  auto refused =
    last_answer_of("413 Payload Too Large",
                   R"({"code":306,"name":"body_too_large",)"
                   R"("text":"expected at most 16384 bytes of body"})");

  CHECK(talk(s.port(), post_token(body)).starts_with("HTTP/1.1 400 "));
  CHECK(talk(s.port(), post_token(body + " ")) == refused);
  CHECK(talk(s.port(), post_token(std::string(200'000, ' '))) == refused);
  CHECK(talk(s.port(), "POST /v1/tokens HTTP/1.1\r\n"
                       "Content-Length: 99999999999\r\n\r\n")
        == refused);
  CHECK(talk(s.port(), "POST /v1/tokens HTTP/1.1\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n4001\r\n"
                         + std::string(0x4001, ' ') + "\r\n0\r\n\r\n")
        == refused);
}

TEST_CASE("who is refused can send all it has and isn't reset") {
  running_server s;
  client peer{s.port()};

  CHECK(peer.send(post_token(std::string(200'000, ' '))));

  CHECK(peer.rest().starts_with("HTTP/1.1 413 "));
  CHECK_FALSE(peer.reset());
}

TEST_CASE("a request that doesn't get on is timed out") {
  running_server s{sample_handlers(), impatient()};
  auto expected =
    last_answer_of("408 Request Timeout",
                   R"({"code":106,"name":"timed_out",)"
                   R"("text":"expected the whole request within 50 ms"})");
  client header{s.port()}, body{s.port()};

  header.send("GET /healthz HTTP/1.1\r\n");
  body.send("POST /v1/tokens HTTP/1.1\r\nContent-Length: 5\r\n\r\nab");

  CHECK(header.rest() == expected);
  CHECK(body.rest() == expected);
}

TEST_CASE("an idle connection is closed without a word") {
  running_server s{sample_handlers(), impatient()};
  client fresh{s.port()}, used{s.port()};

  used.send(get("/healthz"));
  CHECK(used.answer() == healthy);

  CHECK(used.rest().empty());
  CHECK(fresh.rest().empty());
}

TEST_CASE("an answer that doesn't come in time is given up") {
  auto to = sample_handlers();
  std::promise<respond> asked;
  to.tree = [&](respond done) { asked.set_value(std::move(done)); };
  to.status = [](respond) {};
  running_server s{to, impatient()};
  client peer{s.port()};
  auto expected =
    answer_of("504 Gateway Timeout",
              R"({"code":406,"name":"deadline_exceeded",)"
              R"("text":"expected the node to answer within 20 ms"})");

  peer.send(get_as("operator", "/v1/tree"));
  CHECK(peer.answer() == expected);
  peer.send(get_as("operator", "/v1/status"));
  CHECK(peer.answer() == expected);

  asked.get_future().get()(std::string{"late"});
  peer.send(get("/healthz"));
  CHECK(peer.answer() == healthy);
}

TEST_CASE("an answer may come from another thread, and the first counts") {
  auto to = sample_handlers();
  std::vector<std::jthread> threads;
  to.tree = [&](respond done) {
    threads.emplace_back([done] {
      done(std::string{"1"});
      done(std::string{"2"});
      done(error{errc::internal, "3"});
    });
  };
  running_server s{to};
  client peer{s.port()};

  for (int i = 0; i < 50; ++i) {
    peer.send(get_as("operator", "/v1/tree"));
    CHECK(peer.answer() == answer_of("200 OK", "1"));
  }
  s.stop();
}

TEST_CASE("one client that waits doesn't hold up the others") {
  auto to = sample_handlers();
  std::promise<respond> asked;
  to.tree = [&](respond done) { asked.set_value(std::move(done)); };
  running_server s{to};
  client waiting{s.port()};
  waiting.send(get_as("operator", "/v1/tree"));
  auto done = asked.get_future().get();

  CHECK(talk(s.port(), get("/healthz")) == healthy);

  done(std::string{"{}"});
  CHECK(waiting.answer() == answer_of("200 OK", "{}"));
}

} // namespace session_test
