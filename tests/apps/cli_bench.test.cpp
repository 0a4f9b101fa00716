#include "tests/apps/live_node.hpp"

#include <nlohmann/json.hpp>

namespace cli_bench_test {

using namespace iris;
using namespace iris::test;

namespace {

/// As short as it can be: that it measures is the question, not what.
std::vector<std::string> measure(std::vector<std::string> more,
                                 const char* seconds = "0.1") {
  std::vector<std::string> out{IRIS_PROGRAM, "--json", "bench",    "f1",
                               "--pairs",    "1",      "--window", "1",
                               "--seconds",  seconds,  "--warmup", "0"};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

/// What it said of its progress, a line each; nothing else is said there.
std::vector<std::string> progress_in(const std::string& complaint) {
  std::vector<std::string> out;
  std::istringstream in{complaint};
  for (std::string line; std::getline(in, line);)
    out.push_back(nlohmann::json::parse(line).at("progress").at("doing"));
  return out;
}

} // namespace

TEST_CASE("a measurement starts a node of its own, and leaves nothing") {
  for (const auto& transport : std::vector<std::vector<std::string>>{
         {}, {"--tls"}, {"--websocket"}, {"--tls", "--websocket"}}) {
    security::test::temporary_directory folder;
    std::vector<std::string> more{"--dir", folder.path().string()};
    more.insert(more.end(), transport.begin(), transport.end());
    CAPTURE(more.back());

    program run{measure(more)};
    auto said = run.rest();
    auto complaint = run.complaint();

    CHECK(run.wait() == 0);
    // A slow machine may have had time for some.
    CHECK_NOTHROW(progress_in(complaint));
    auto report = nlohmann::json::parse(said);
    CHECK(report["ok"] == true);
    CHECK(report["figures"].size() > 0);
    CHECK(std::filesystem::is_empty(folder.path()));
  }
}

TEST_CASE("a measurement may start a cluster, which is ended with it") {
  security::test::temporary_directory folder;

  program run{measure({"--nodes", "3", "--dir", folder.path().string()})};
  auto said = run.rest();

  CHECK(run.wait() == 0);
  auto report = nlohmann::json::parse(said);
  CHECK(report["ok"] == true);
  CHECK(report["figures"]["nodes"] == 3);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a node that runs already is measured when it is named") {
  live_node node{"[listen.ws]\naddress = \"127.0.0.1:0\"\n"};

  for (const auto& url : {node.url(), "ws://" + node.listener("ws")}) {
    CAPTURE(url);
    program run{measure({"--server", url, "--config", node / "iris.toml"})};
    auto said = run.rest();
    auto complaint = run.complaint();

    CHECK(run.wait() == 0);
    // A slow machine may have had time for some.
    CHECK_NOTHROW(progress_in(complaint));
    CHECK(nlohmann::json::parse(said)["ok"] == true);
  }
}

TEST_CASE(
  "a measurement says which port it can't speak to, and which it could") {
  live_node node{"[listen.tls]\naddress = \"127.0.0.1:0\"\n"
                 "[listen.ws]\naddress = \"127.0.0.1:0\"\n"
                 "[tls]\ngenerate = true\n"};
  auto tcp = node.listener("tcp"), tls = node.listener("tls");
  auto ws = node.listener("ws"), http = node.listener("http");
  auto ca = (node / "data/ca.pem").string();
  struct {
    std::string server;
    std::string why;
    std::string remedy;
  } cases[] = {
    {"ws://" + tcp,
     "expected a WebSocket, found a port that does not answer in HTTP",
     "if it is a node's port without WebSocket: --server tcp://" + tcp},
    {"tcp://" + ws, "expected a greeting, found a port that closes at once",
     "if it is a node's port with TLS: --server tls://" + ws
       + " --ca FILE; for WebSocket: ws://" + ws + ", with TLS wss://" + ws},
    {"tcp://" + tls, "expected a greeting, found a port that closes at once",
     "if it is a node's port with TLS: --server tls://" + tls
       + " --ca FILE; for WebSocket: ws://" + tls + ", with TLS wss://" + tls},
    {"tls://" + tcp, "expected TLS, found a port that does not speak it",
     "if it is a node's port without TLS: --server tcp://" + tcp + " or ws://"
       + tcp},
    {"wss://" + tls,
     "expected a WebSocket, found a port that does not answer in HTTP",
     "if it is a node's port without WebSocket: --server tls://" + tls},
    {"tcp://" + http,
     "expected a port for clients, found one that answers in HTTP as a web "
     "server",
     "if it is a node's admin.address, name one of its listeners instead: "
     "irisd says at its start where each is"}};

  for (const auto& x : cases) {
    CAPTURE(x.server);

    auto run =
      run_iris({"bench", "f1", "--pairs", "1", "--seconds", "0.1", "--server",
                x.server, "--ca", ca, "--config", node / "iris.toml"});

    CHECK(run.code == 3);
    CHECK(run.out == "");
    CHECK(run.err
          == "iris: can't measure the node at " + x.server
               + "\nwhy: no_connection (602): " + x.why + "\ntry: " + x.remedy
               + "\n");
  }
}

TEST_CASE("a measurement of a node that isn't there does not begin") {
  live_node node;
  auto config = (node / "iris.toml").string();
  node.stop();

  auto run =
    run_iris({"bench", "f1", "--server", node.url(), "--config", config});

  CHECK(run.code == 3);
  CHECK(run.err
        == "iris: can't get a node to measure\nwhy: no_connection (602): "
             + node.url().substr(6)
             + ": Connection refused\ntry: check the address, and that the "
               "node is running\n");
}

TEST_CASE("a node that could not be started for a measurement says why") {
  security::test::temporary_directory folder;
  auto program = folder / "node";
  std::ofstream{program} << "#!/bin/sh\necho why: no luck >&2\n";
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);

  auto run = run_iris(
    {"bench", "f1", "--irisd", program, "--dir", folder.path().string()});

  CHECK(run.code == 1);
  CHECK(run.err
        == "iris: can't get a node to measure\nwhy: io_failed (501): the node "
           "ended while it started: no luck\ntry: correct that, and measure "
           "again\n");
}

TEST_CASE("a measurement that takes long says how far it is") {
  live_node node;

  program run{
    measure({"--server", node.url(), "--config", node / "iris.toml"}, "2.5")};
  auto said = run.rest();
  auto progress = progress_in(run.complaint());

  CHECK(run.wait() == 0);
  CHECK(nlohmann::json::parse(said)["ok"] == true);
  REQUIRE(progress.size() >= 1);
  CHECK(progress.front().starts_with("waiting for "));
  CHECK(progress.front().find(" acknowledged, ") != std::string::npos);
}

} // namespace cli_bench_test
