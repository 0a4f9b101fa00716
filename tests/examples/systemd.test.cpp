#include "config/options.hpp"
#include "tests/apps/program.hpp"
#include "tests/security/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <fstream>
#include <map>
#include <sstream>

namespace systemd_test {

using namespace iris;
using namespace iris::test;
using security::test::text_of;

namespace {

const std::string source = IRIS_SOURCE_DIR;
const std::string unit_file = "examples/systemd/irisd.service";

/// What it sets; of what is set twice the last.
std::map<std::string, std::string> read_unit() {
  std::map<std::string, std::string> out;
  std::ifstream in{source + "/" + unit_file};
  for (std::string line; std::getline(in, line);)
    if (auto at = line.find('='); !line.starts_with('#') && at != line.npos)
      out[line.substr(0, at)] = line.substr(at + 1);
  return out;
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in{text};
  std::vector<std::string> out;
  for (std::string x; in >> x;)
    out.push_back(x);
  return out;
}

} // namespace

TEST_CASE("the unit for systemd leaves room for the defaults") {
  auto unit = read_unit();
  auto with = config::defaults();

  CHECK(std::stoul(unit["LimitNOFILE"]) >= with.limits.connections + 2000);
  CHECK(std::chrono::seconds{std::stoul(unit["TimeoutStopSec"])}
        >= 2 * with.node.drain_timeout + std::chrono::seconds{10});
  CHECK(unit["StateDirectory"] == "iris");
  CHECK(unit["WorkingDirectory"] == "/var/lib/iris");
  CHECK(unit["RestartPreventExitStatus"] == "2");
  CHECK(text_of(source + "/docs/operating.md").find("](../" + unit_file + ")")
        != std::string::npos);
}

TEST_CASE("a node starts and reloads as its unit for systemd says") {
  auto unit = read_unit();
  security::test::temporary_directory folder;
  std::ofstream{folder / "iris.toml"}
    << "node.data_dir = \"" << (folder / "data").string()
    << "\"\nlisten.tcp.address = \"127.0.0.1:0\"\nadmin.address = \"\"\n"
       "log.file = \""
    << (folder / "log").string() << "\"\n";
  // No notification is sent, and none is waited for.
  CHECK(unit["Type"] == "exec");
  auto start = words_of(unit["ExecStart"]);
  REQUIRE(start
          == std::vector<std::string>{"/usr/bin/irisd", "--config",
                                      "/etc/iris.toml"});
  start.front() = IRISD_PROGRAM;
  start.back() = folder / "iris.toml";

  program node{start};
  node.line_with("ready");
  CHECK(unit["ExecReload"] == "/bin/kill -HUP $MAINPID");
  node.signal(SIGHUP);
  node.signal(SIGTERM);

  CHECK(node.wait() == 0);
  CHECK(text_of(folder / "log").find("\"reloaded\"") != std::string::npos);
}

} // namespace systemd_test
