#include "tests/apps/live_node.hpp"

#include <nlohmann/json.hpp>

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

TEST_CASE("a measurement over WebSocket says where there is none") {
  live_node node;

  program run{measure(
    {"--server", "ws" + node.url().substr(3), "--config", node / "iris.toml"})};

  CHECK(run.rest() == "");
  CHECK(run.complaint().find("no_connection") != std::string::npos);
  CHECK(run.wait() == 3);
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
