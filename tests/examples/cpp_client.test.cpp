#include "apps/cli/http.hpp"
#include "base/clock.hpp"
#include "tests/apps/live_node.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <sstream>

namespace cpp_client_test {

using namespace iris;
using namespace iris::test;
using security::test::text_of;

namespace {

const std::string source = IRIS_SOURCE_DIR;

std::string token_of(const live_node& node, const char* user) {
  auto out = text_of(node.token(user));
  out.pop_back(); // The end of its line.
  return out;
}

program start(const std::string& token, std::vector<std::string> arguments) {
  REQUIRE(setenv("IRIS_TOKEN", token.c_str(), 1) == 0);
  arguments.insert(arguments.begin(), CPP_CLIENT_PROGRAM);
  return program{std::move(arguments)};
}

/// What it complained about.
std::string end(program& who, int signal) {
  who.signal(signal);
  CHECK(who.rest() == "");
  CHECK(who.wait() == 0);
  return who.complaint();
}

/// Until so many items have been acknowledged: a new connection of their
/// devices goes on behind them.
void await_acks(const live_node& node, int items) {
  auto where = cli::parse_admin_url("http://" + node.listener("http"));
  REQUIRE(where);
  auto wanted = "\niris_items_acked_total " + std::to_string(items) + "\n";
  auto now = [] { return system_clock().steady_now(); };
  auto until = now() + std::chrono::minutes{1};
  for (bool found = false; !found;) {
    auto answer =
      cli::call(*where, {"GET", "/metrics"}, std::chrono::minutes{1});
    REQUIRE(answer);
    found = answer->body.find(wanted) != std::string::npos;
    REQUIRE(now() < until);
  }
}

/// Its lines, without what indents them.
std::string flat(const std::string& text) {
  std::istringstream in{text};
  std::string out;
  for (std::string line; std::getline(in, line);)
    out +=
      line.substr(std::min(line.find_first_not_of(' '), line.size())) + "\n";
  return out;
}

} // namespace

TEST_CASE("the quick start of the C++ client is part of the example") {
  const std::string begin = "```cpp\n", end = "```\n";
  auto readme = text_of(source + "/clients/cpp/README.md");
  auto example = text_of(source + "/examples/cpp_client/main.cpp");

  auto from = readme.find(begin);
  REQUIRE(from != readme.npos);
  from += begin.size();
  auto quick_start = flat(readme.substr(from, readme.find(end, from) - from));

  CHECK(quick_start.size() > 100);
  INFO("the README has:\n", quick_start);
  CHECK(flat(example).find(quick_start) != std::string::npos);
}

TEST_CASE("two who run the example get each other's messages") {
  live_node node;

  auto alice = start(token_of(node, "alice"), {node.url(), "bob", "hello"});
  CHECK(alice.next_line() == "alice: hello");
  auto bob = start(token_of(node, "bob"), {node.url(), "alice", "hi"});
  CHECK(bob.next_line() == "alice: hello");
  CHECK(bob.next_line() == "bob: hi");
  CHECK(alice.next_line() == "bob: hi");
  CHECK(end(bob, SIGINT) == "");
  await_acks(node, 4);
  // Bob's device goes on where it was, without the group that has no text.
  CHECK(node.run("alice", {"group", "create", "--title", "x", "bob"}).code
        == 0);
  auto again = start(token_of(node, "bob"), {node.url(), "alice", "bye"});
  CHECK(again.next_line() == "bob: bye");
  CHECK(alice.next_line() == "bob: bye");
  CHECK(end(again, SIGINT) == "");
  // So does alice's program when the node comes back.
  node.stop();
  node.start();
  CHECK(node.run("bob", {"send", "--to", "alice", "back"}).code == 0);
  CHECK(alice.next_line() == "bob: back");
  CHECK(end(alice, SIGTERM).starts_with("disconnected: draining (405)"));
}

TEST_CASE("the example says why it can't go on") {
  live_node node;

  auto stranger = start("no token", {node.url(), "bob", "hello"});

  CHECK(stranger.rest() == "");
  CHECK(stranger.wait() == 1);
  CHECK(stranger.complaint().starts_with("token_invalid "));
  auto silent = start("no token", {node.url(), "bob"});
  CHECK(silent.wait() == 2);
  CHECK(silent.complaint().starts_with(
    "cpp_client: expected a URL, a user and a text\n"));
  auto nobody = start("no token", {node.url(), "no/body", "hello"});
  CHECK(nobody.wait() == 2);
}

} // namespace cpp_client_test
