// docs/operating does what it says.
#include "config/cluster_node.hpp"
#include "config/load.hpp"
#include "tests/apps/command_line.hpp"
#include "tests/apps/guide.hpp"
#include "tests/apps/working_directory.hpp"
#include "tests/security/temporary_directory.hpp"

#include <fstream>
#include <set>

namespace cluster_guide_test {

using namespace iris;
using namespace iris::test;
using security::test::temporary_directory;
using security::test::text_of;

namespace {

std::string page(const std::string& name) {
  return text_of(IRIS_SOURCE_DIR "/docs/operating/" + name);
}

/// Asks where nobody listens: that this is all that is wrong shows that the
/// command is understood.
void expect_understood(std::string command) {
  CAPTURE(command);
  const std::string nobody = "http://127.0.0.1:1";
  const std::string shown = "http://127.0.0.1:7380";
  if (auto at = command.find(shown); at != command.npos)
    command.replace(at, shown.size(), nobody);
  else
    command += " --admin " + nobody;
  std::ofstream{"operator.jwt"} << "a.b.c\n";

  auto run = run_line(command);

  CHECK(run.code == 3);
  CHECK(run.err.find("no_connection (602): 127.0.0.1:1: ") != run.err.npos);
}

/// The one that the page shows.
config::settings configuration(const std::string& name) {
  auto text = page(name);
  auto begin = text.find("```toml\n") + 8;
  auto read =
    config::parse(text.substr(begin, text.find("```", begin) - begin), name);
  REQUIRE(read);
  return *read;
}

} // namespace

TEST_CASE("the guide's commands make what it says, from nothing") {
  temporary_directory folder;
  working_directory here{folder.path()};
  int certificates = 0;
  int asked = 0;

  for (const auto& command : commands_of("cluster.md"))
    if (command.starts_with("cert ")) {
      CAPTURE(command);
      CHECK(run_line(command).code == 0);
      ++certificates;
    } else {
      expect_understood(command);
      ++asked;
    }

  CHECK(certificates == 5);
  CHECK(asked == 1);
  for (auto made :
       {"ca/cluster-ca.pem", "ca/cluster-ca.key", "node-1/node-1.pem",
        "node-2/node-2.pem", "node-3/node-3.pem"})
    CHECK(std::filesystem::exists(made));
}

TEST_CASE("what to look at when a node fails can be asked for") {
  temporary_directory folder;
  working_directory here{folder.path()};
  std::vector<std::string> asked;

  for (const auto& command : commands_of("failover.md")) {
    asked.push_back(command.substr(0, command.find(' ')));
    if (command != "verify /var/lib/iris") {
      expect_understood(command);
      continue;
    }
    auto run = run_line("verify nowhere");
    CHECK(run.code == 1);
    CHECK(run.err.find("there is no nowhere") != run.err.npos);
  }

  CHECK(asked
        == std::vector<std::string>{"status", "verify", "verify", "repair"});
}

TEST_CASE("the commands that change a cluster are understood") {
  temporary_directory folder;
  working_directory here{folder.path()};
  std::set<std::string> asked;

  for (const auto& command : commands_of("scale-out.md")) {
    std::istringstream words{command};
    std::string what, how;
    words >> what >> how;
    asked.insert(what + " " + how);
    expect_understood(command + " --timeout 0.5");
  }

  CHECK(asked
        == std::set<std::string>{"node add", "node drain", "node list",
                                 "node remove", "shard list", "shard move",
                                 "shard transfer"});
}

TEST_CASE("a node that joins lists the others and not itself") {
  auto read = configuration("scale-out.md");

  for (const auto& x : config::cluster_nodes(read))
    CHECK(x.id != read.node.id);
  CHECK(config::cluster_nodes(read).size() == 3);
  CHECK(config::cluster_key_path(read) == "/etc/iris/node-4.pem");
}

TEST_CASE("the guide's configuration is one") {
  auto read = configuration("cluster.md");

  auto nodes = config::cluster_nodes(read);
  REQUIRE(nodes.size() == 3);
  CHECK(nodes[0].id == read.node.id);
  CHECK(nodes[0].at.port == read.cluster.address.port);
  CHECK(config::cluster_key_path(read) == "/etc/iris/node-1.pem");
}

} // namespace cluster_guide_test
