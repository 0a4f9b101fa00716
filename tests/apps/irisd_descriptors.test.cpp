// A node under a limit of open files, as `ulimit -n` sets it.
#include "base/clock.hpp"
#include "tests/apps/program.hpp"
#include "tests/apps/visitor.hpp"
#include "tests/security/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <fstream>
#include <list>

namespace irisd_descriptors_test {

using namespace iris;
using namespace iris::test;

namespace {

/// What such a small node opens itself; see descriptors.test.cpp.
constexpr std::size_t own = 336;

struct limited_node {
  /// `ulimit` runs before the node, in a shell.
  limited_node(const std::string& ulimit, std::uint32_t connections) {
    configure(connections);
    process.emplace(
      std::vector<std::string>{"/bin/sh", "-c",
                               ulimit + " && exec " IRISD_PROGRAM " --config "
                                 + (folder / "iris.toml").string()});
  }

  void configure(std::uint32_t connections) const {
    std::ofstream{folder / "iris.toml"}
      << "[node]\ndata_dir = \"" << (folder / "data").string()
      << "\"\nshards = 1\nthreads = 1\n[storage]\ncache = \"1 MiB\"\n"
         "[listen.tcp]\naddress = \"127.0.0.1:0\"\n"
         "[admin]\naddress = \"\"\n"
         "[log]\nfile = \""
      << (folder / "log").string() << "\"\n"
      << "[limits]\nconnections = " << connections << '\n';
  }

  std::uint16_t await_port() {
    auto line = process->line_with("listening on tcp://");
    process->line_with("ready");
    return static_cast<std::uint16_t>(
      std::stoi(line.substr(line.rfind(':') + 1)));
  }

  std::string log() const { return security::test::text_of(folder / "log"); }

  void await_log(const std::string& text) const {
    auto now = [] { return system_clock().steady_now(); };
    auto until = now() + std::chrono::minutes{1};
    while (log().find(text) == std::string::npos)
      REQUIRE_MESSAGE(now() < until, "expected " << text << " in\n" << log());
  }

  security::test::temporary_directory folder;
  std::optional<program> process;
};

/// How many are let in before one isn't, who is told so.
std::size_t fill(std::uint16_t port, std::list<visitor>& guests) {
  std::size_t welcome = 0;
  while (guests.emplace_back(port).said() == "welcome")
    ++welcome;
  CHECK(guests.back().said() == "overloaded");
  return welcome;
}

} // namespace

TEST_CASE("a node takes no more clients than its limit of open files bears") {
  limited_node node{"ulimit -n " + std::to_string(own + 40), 100};
  auto port = node.await_port();
  std::list<visitor> guests;

  CHECK(fill(port, guests) == 35);

  CHECK(node.log().find(
          "\"too few open files are allowed for limits.connections\" "
          "wanted=100 connections=35 open_files=376 open_files_needed=692 "
          "remedy=\"raise the limit of open files: ulimit -n, or LimitNOFILE "
          "of a systemd unit\"\n")
        != std::string::npos);
  // A reload can't raise that.
  node.configure(200);
  node.process->signal(SIGHUP);
  node.await_log("option=limits.connections before=100 after=200");
  CHECK(fill(port, guests) == 0);
  CHECK(node.log().find("wanted=200 connections=35 open_files=376 ")
        != std::string::npos);
  node.process->signal(SIGTERM);
  CHECK(node.process->wait() == 0);
}

TEST_CASE("a node raises its soft limit of open files by itself") {
  limited_node node{"ulimit -Sn 64", 50};
  auto port = node.await_port();
  std::list<visitor> guests;

  CHECK(fill(port, guests) == 50);

  CHECK(node.log().find("too few open files") == std::string::npos);
}

TEST_CASE("a node that could serve nobody says why it does not start") {
  limited_node node{"ulimit -n " + std::to_string(own), 1};

  CHECK(node.process->rest() == "");
  CHECK(node.process->complaint()
        == "irisd: can't start\n"
           "why: io_failed (501): the limit of open files is 336, expected at "
           "least 337: 336 for the node itself and 1 for a client; raise it "
           "with ulimit -n, or LimitNOFILE of a systemd unit\n"
           "try: correct that, and start it again\n");
  CHECK(node.process->wait() == 1);
}

} // namespace irisd_descriptors_test
