#include "tests/apps/canned_http.hpp"
#include "tests/apps/live_node.hpp"

#include <unistd.h>

namespace cli_login_test {

using namespace iris;
using namespace iris::test;

namespace {

constexpr auto every_listener = "[listen.tls]\naddress = \"127.0.0.1:0\"\n"
                                "[listen.ws]\naddress = \"127.0.0.1:0\"\n"
                                "[listen.wss]\naddress = \"127.0.0.1:0\"\n"
                                "[tls]\ngenerate = true\n"
                                "names = [\"localhost\"]\n";

/// By the name that the certificate has.
std::string named(const std::string& at) {
  return "localhost" + at.substr(at.rfind(':'));
}

/// What to do where tcp:// was not understood.
std::string no_frames(const std::string& at) {
  return "if it is a node's port with TLS: --server tls://" + at
         + " --ca FILE; for WebSocket: ws://" + at + ", with TLS wss://" + at;
}

/// Where ws:// was not.
std::string no_websocket(const std::string& at) {
  return "if it is a node's port with TLS: --server wss://" + at + " or tls://"
         + at + ", and --ca FILE";
}

/// A pipe that holds a text, as "<(…)" gives it to a program.
class pipe_with {
public:
  explicit pipe_with(const std::string& text) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    auto n = write(ends[1], text.data(), text.size());
    REQUIRE(n == static_cast<ssize_t>(text.size()));
    close(ends[1]);
    end_ = ends[0];
  }
  ~pipe_with() { close(end_); }
  pipe_with(const pipe_with&) = delete;
  pipe_with& operator=(const pipe_with&) = delete;

  std::string path() const { return "/dev/fd/" + std::to_string(end_); }

private:
  int end_ = -1;
};

} // namespace

TEST_CASE("another user's token is refused before it connects") {
  live_node node;
  // Nobody listens there: who connected would be told so.
  auto run =
    run_iris({"send", "--to", "carol", "hello", "--as", "bob", "--token-file",
              node.token("alice"), "--server", "tcp://127.0.0.1:1"});

  CHECK(run.code == 4);
  CHECK(run.err
        == "iris: can't send to carol\n"
           "why: forbidden (203): the token is for alice, expected one for "
           "bob\n"
           "try: get a new token with: iris token issue --user NAME --config "
           "FILE\n");
}

TEST_CASE("a port that is not what the URL says is told from one that is") {
  live_node node{every_listener};
  auto tcp = node.listener("tcp"), tls = node.listener("tls");
  auto ws = node.listener("ws"), wss = node.listener("wss");
  auto http = node.listener("http");
  canned_http answering{
    {{"/502", {502, ""}}, {"/301", {301, ""}}, {"/403", {403, ""}}}};
  auto proxy = [&](const char* status) {
    return "ws" + answering.url().substr(4) + '/' + status;
  };
  auto ca = (node / "data/ca.pem").string();
  const std::string untrusted = "expected a certificate of the host that we "
                                "trust: ";
  const std::string not_tls =
    "expected TLS, found a port that does not speak it";
  const std::string silent =
    "expected a greeting, found a port that closes at once\n";
  const std::string web_server =
    "expected a port for clients, found one that answers in HTTP as a web "
    "server\n";
  const std::string declined =
    "expected a WebSocket, found an answer in HTTP with status ";
  const std::string no_path =
    "most likely a web server or a proxy that knows no WebSocket by this path: "
    "name the one that leads to a node; ";
  const std::string not_websocket =
    "expected a WebSocket, found a port that does not answer in HTTP\n";
  const std::string listener =
    "if it is a node's admin.address, name one of its listeners instead: irisd "
    "says at its start where each is";
  const std::string name_ca = "name the authority that signed it with --ca "
                              "FILE; a node with tls.generate has it in its "
                              "node.data_dir, as ca.pem";
  struct {
    std::string server;
    std::string authority;
    std::string why;
    std::string remedy;
  } cases[] = {
    {"tls://" + tls, "", untrusted, name_ca},
    {"wss://" + wss, "", untrusted, name_ca},
    {"tls://" + tls, ca, untrusted,
     "name the authority of this node's certificate with --ca, and the host in "
     "--server as the certificate does"},
    {"tcp://" + tls, "", silent, no_frames(tls)},
    {"tcp://" + ws, "", silent, no_frames(ws)},
    {"tcp://" + wss, "", silent, no_frames(wss)},
    {"ws://" + wss, "", silent, no_websocket(wss)},
    {"ws://" + tls + "/chat", "", silent, no_websocket(tls)},
    {"tls://" + named(wss), ca, silent,
     "if it is a node's port for WebSocket: --server wss://" + named(wss)},
    {"ws://" + tcp + "/chat", "", not_websocket,
     "if it is a node's port without WebSocket: --server tcp://" + tcp},
    {"wss://" + named(tls), ca, not_websocket,
     "if it is a node's port without WebSocket: --server tls://" + named(tls)},
    {"tcp://" + http, "", web_server, listener},
    {"ws://" + http, "", declined + "404\n", no_path + listener},
    {proxy("502"), "", declined + "502\n",
     "most likely a proxy that can't reach its node: look whether the node "
     "runs, and in the proxy's log"},
    {proxy("301"), "", declined + "301\n",
     "most likely a proxy that wants another URL: name that one with "
     "--server"},
    {proxy("403"), "", declined + "403\n",
     "most likely a proxy that lets nobody in without its own password: have "
     "it pass WebSockets on to the node"},
    {"tls://" + tcp, ca, not_tls,
     "if it is a node's port without TLS: --server tcp://" + tcp + " or ws://"
       + tcp},
    {"tls://" + ws, ca, not_tls,
     "if it is a node's port without TLS: --server tcp://" + ws + " or ws://"
       + ws},
    {"wss://" + ws, ca, not_tls,
     "if it is a node's port without TLS: --server ws://" + ws + " or tcp://"
       + ws}};
  auto token = node.token("alice");

  for (const auto& x : cases) {
    CAPTURE(x.server);
    std::vector<std::string> command{"send",         "--to",     "bob",
                                     "hello",        "--server", x.server,
                                     "--token-file", token};
    if (!x.authority.empty())
      command.insert(command.end(), {"--ca", x.authority});

    auto run = run_iris(command);

    CHECK(run.code == 3);
    CHECK(run.out == "");
    auto begin = "iris: can't send to bob\nwhy: no_connection (602): "
                 + x.server + ": " + x.why;
    CHECK(run.err.substr(0, begin.size()) == begin);
    CHECK(run.err.ends_with("\ntry: " + x.remedy + "\n"));
  }
}

TEST_CASE("a port for clients is no admin listener, whatever it speaks") {
  live_node node{every_listener};
  const std::pair<std::string, std::string> cases[] = {
    {node.listener("ws"),
     "expected a node's admin listener, found an answer in HTTP with status "
     "400\n"},
    {node.listener("tcp"), ""},
    {node.listener("tls"), ""}};

  for (const auto& x : cases) {
    CAPTURE(x.first);

    auto run = run_iris({"status", "--admin", "http://" + x.first});

    CHECK(run.code == 3);
    CHECK(run.out == "");
    CHECK(run.err.starts_with("iris: can't read the node's status\nwhy: "
                              "no_connection (602): "
                              + x.first + ": " + x.second));
    CHECK(run.err.ends_with("\ntry: check the address, and that the node is "
                            "running\n"));
  }
}

TEST_CASE("a token from a pipe is read once") {
  live_node node;
  auto issued = run_iris(
    {"token", "issue", "--user", "alice", "--config", node / "iris.toml"});
  pipe_with token{issued.out};

  auto sent = run_iris({"send", "--to", "bob", "hello", "--server", node.url(),
                        "--token-file", token.path()});

  CHECK(sent.err == "");
  CHECK(sent.out == "1\n");
  CHECK(sent.code == 0);
}

TEST_CASE("a node's configuration is enough to log in: its key, its address") {
  live_node node;

  auto sent = run_iris({"send", "--to", "bob", "hello", "--as", "alice",
                        "--config", node / "iris.toml"});

  CHECK(sent.err == "");
  CHECK(sent.out == "1\n");
  CHECK(sent.code == 0);
}

TEST_CASE("an operator's token from a pipe is read once") {
  live_node node{every_listener};
  auto issued = run_iris({"token", "issue", "--user", "op", "--role",
                          "operator", "--config", node / "iris.toml"});
  pipe_with token{issued.out};

  auto status =
    run_iris({"--json", "status", "--admin", "http://" + node.listener("http"),
              "--token-file", token.path()});

  // Whether it is ready so soon is another question.
  CHECK(status.code <= 1);
  CHECK(status.out.find("\"cluster\":\"iris\"") != std::string::npos);
  // Those that are made at a first start are good for 825 days.
  CHECK(status.out.find("\"certificate\":\"edge\",\"days_left\":824,")
        != std::string::npos);
}

} // namespace cli_login_test
