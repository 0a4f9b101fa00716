// What an operator changes while a node runs.
#include "protocol/codec.hpp"
#include "tests/process/raw_connection.hpp"

#include <doctest/doctest.h>

using namespace iris;
using namespace iris::process;

namespace {

/// What the node says to who says hello.
std::string greeting(raw_connection& who) {
  who.send(protocol::hello{});
  who.run_until([&] { return !who.frames().empty(); }, "a greeting");
  const auto& first = who.frames().front();
  const auto* refused = std::get_if<protocol::failed>(&first);
  return std::string{refused ? to_string(refused->code)
                             : protocol::type_name(first)};
}

} // namespace

TEST_CASE("SIGHUP makes a node heed its file, unless that is wrong") {
  real_node node{"[limits]\nconnections = 1\n"};
  node.start();
  boost::asio::io_context io;
  raw_connection first{io, node, "tcp"};
  REQUIRE(greeting(first) == "welcome");
  raw_connection early{io, node, "tcp"};
  CHECK(greeting(early) == "overloaded");

  node.reload("[limits]\nconnections = 2\nmailbox = 2048\n");

  node.await_log("\"option not changed\" option=limits.mailbox");
  raw_connection second{io, node, "tcp"};
  CHECK(greeting(second) == "welcome");
  node.reload("[limits]\nconnections = \"some\"\n");
  node.await_log("\"not reloaded\" problem=");
  raw_connection third{io, node, "tcp"};
  CHECK(greeting(third) == "overloaded");
  // It still counts two, and still listens to its operator.
  node.reload("[limits]\nconnections = 3\ngroup_members = 7\n");
  node.await_log("\"option not changed\" option=limits.group_members");
  raw_connection fourth{io, node, "tcp"};
  CHECK(greeting(fourth) == "welcome");
}
