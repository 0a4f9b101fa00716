#include "tests/apps/live_node.hpp"

#include <nlohmann/json.hpp>

using namespace iris;
using namespace iris::test;

namespace {

/// As short as it can be: that it measures is the question, not what.
std::vector<std::string> measure(std::vector<std::string> more) {
  std::vector<std::string> out{IRIS_PROGRAM, "--json", "bench",    "f1",
                               "--pairs",    "1",      "--window", "1",
                               "--seconds",  "0.1",    "--warmup", "0"};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

} // namespace

TEST_CASE("a measurement starts a node of its own, and leaves nothing") {
  security::test::temporary_directory folder;

  program run{measure({"--dir", folder.path().string()})};
  auto said = run.rest();
  auto complaint = run.complaint();

  CHECK(run.wait() == 0);
  CHECK(complaint == "");
  auto report = nlohmann::json::parse(said);
  CHECK(report["ok"] == true);
  CHECK(report["figures"].size() > 0);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a node that runs already is measured when it is named") {
  live_node node;

  program run{
    measure({"--server", node.url(), "--config", node / "iris.toml"})};
  auto said = run.rest();
  auto complaint = run.complaint();

  CHECK(run.wait() == 0);
  CHECK(complaint == "");
  CHECK(nlohmann::json::parse(said)["ok"] == true);
}
