#include "tests/apps/live_node.hpp"

#include <nlohmann/json.hpp>

namespace cli_send_tail_test {

using namespace iris;
using namespace iris::test;

namespace {

/// Without the date and time behind the offset:
/// "1  2026-11-21 09:17:35 +0000  alice: hello" -> "1  alice: hello".
std::string undated(const std::string& line) {
  auto at = line.find("  ");
  return line.substr(0, at) + line.substr(std::min(at + 27, line.size()));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    out.push_back(undated(line));
  return out;
}

using lines = std::vector<std::string>;

} // namespace

TEST_CASE("a sent message is told by its sequence") {
  live_node node;

  auto first = node.run("alice", {"send", "--to", "bob", "hello"});
  auto second = node.run("alice", {"--json", "send", "--to", "bob", "-"},
                         "all that\ncan be read\n");

  CHECK(first.code == 0);
  CHECK(first.out == "1\n");
  CHECK(first.err == "");
  CHECK(second.code == 0);
  auto said = nlohmann::json::parse(second.out);
  CHECK(said["sequence"] == 2);
  CHECK(said["duplicate"] == false);
  CHECK(said["at_ms"] > 0);
  auto inbox =
    node.run("bob", {"--json", "tail", "--from", "2", "--count", "1"});
  auto item = nlohmann::json::parse(inbox.out);
  CHECK(item["offset"] == 2);
  CHECK(item["id"] == said["message"]);
  CHECK(item["conversation"] == said["conversation"]);
  CHECK(item["body"] == "all that\ncan be read\n");
}

TEST_CASE("what comes in a pipe is sent without being asked for") {
  live_node node;

  auto run = node.run("alice", {"send", "--to", "bob"}, "two\nlines\n");

  CHECK(run.err == "");
  CHECK(run.out == "1\n");
  auto inbox = node.run("bob", {"--json", "tail", "--count", "1"});
  CHECK(nlohmann::json::parse(inbox.out)["body"] == "two\nlines\n");
  // Its last line break would only be noise on a screen.
  auto text = node.run("bob", {"tail", "--from", "1", "--count", "1"});
  CHECK(undated(text.out) == "1  to bob  alice: two\n      lines\n");
}

TEST_CASE("more than a message may hold is not sent") {
  live_node node;

  auto run =
    node.run("alice", {"send", "--to", "bob", "-"}, std::string(65'537, 'x'));

  CHECK(run.code == 2);
  CHECK(run.out == "");
  CHECK(run.err.find("why: expected at most 65536 bytes to read\n")
        != std::string::npos);
  CHECK(node.run("bob", {"tail", "--no-follow"}).out == "");
}

TEST_CASE("an inbox is printed from where the device stopped") {
  live_node node;
  for (const auto* text : {"one", "two", "three"})
    REQUIRE(node.run("alice", {"send", "--to", "bob", text}).code == 0);

  node.await_delivery("bob", 3);
  auto first = node.run("bob", {"tail", "--count", "2"});
  auto rest = node.run("bob", {"tail", "--no-follow"});
  auto none = node.run("bob", {"tail", "--no-follow"});
  auto again = node.run("bob", {"tail", "--from", "3", "--no-follow"});
  auto other = node.run("bob", {"tail", "--device", "other", "--no-follow"});

  CHECK(first.code == 0);
  CHECK(lines_of(first.out)
        == lines{"1  to bob  alice: one", "2  to bob  alice: two"});
  CHECK(rest.code == 0);
  CHECK(lines_of(rest.out) == lines{"3  to bob  alice: three"});
  CHECK(none.code == 0);
  CHECK(none.out == "");
  CHECK(lines_of(again.out) == lines{"3  to bob  alice: three"});
  CHECK(lines_of(other.out).size() == 3);
}

TEST_CASE("what was only peeked at comes again") {
  live_node node;
  for (const auto* text : {"one", "two"})
    REQUIRE(node.run("alice", {"send", "--to", "bob", text}).code == 0);
  node.await_delivery("bob", 2);

  auto peeked = node.run("bob", {"tail", "--peek", "--count", "1"});
  auto all = node.run("bob", {"tail", "--peek", "--no-follow"});
  auto read = node.run("bob", {"tail", "--no-follow"});
  auto none = node.run("bob", {"tail", "--peek", "--no-follow"});

  CHECK(peeked.code == 0);
  CHECK(lines_of(peeked.out) == lines{"1  to bob  alice: one"});
  CHECK(lines_of(all.out)
        == lines{"1  to bob  alice: one", "2  to bob  alice: two"});
  CHECK(all.out == read.out);
  CHECK(none.code == 0);
  CHECK(none.out == "");
}

TEST_CASE("an inbox has no beginning behind its end") {
  live_node node;
  REQUIRE(node.run("alice", {"send", "--to", "bob", "one"}).code == 0);
  node.await_delivery("bob", 1);

  auto next = node.run("bob", {"tail", "--from", "2", "--no-follow"});
  auto beyond = node.run("bob", {"tail", "--from", "3", "--no-follow"});

  CHECK(next.code == 0);
  CHECK(next.out == "");
  CHECK(beyond.code == 2);
  CHECK(beyond.out == "");
  CHECK(beyond.err
        == "iris: can't read the inbox\n"
           "why: --from: expected an offset of the inbox, or the one behind "
           "its end, found 3\n"
           "try: leave --from out to go on where this device stopped; --from "
           "1 is all that is kept\n");
}

TEST_CASE("a tail follows, over a restart too, of which it tells once") {
  live_node node;
  auto bob = node.start("bob", {"tail", "--count", "2"});

  REQUIRE(node.run("alice", {"send", "--to", "bob", "one"}).code == 0);
  CHECK(undated(bob.next_line()) == "1  to bob  alice: one");
  node.stop();
  node.start();
  REQUIRE(node.run("alice", {"send", "--to", "bob", "two"}).code == 0);

  CHECK(undated(bob.next_line()) == "2  to bob  alice: two");
  auto told = bob.complaint();
  CHECK(told.starts_with("connection lost, trying again: "));
  CHECK(told.ends_with("\nconnected again\n"));
  CHECK(std::count(told.begin(), told.end(), '\n') == 2);
  CHECK(bob.wait() == 0);
}

TEST_CASE("a tail that nothing comes to ends in time if it is told to") {
  live_node node;

  auto run = node.run("bob", {"tail", "--count", "1", "--timeout", "0.1"});

  CHECK(run.code == 5);
  CHECK(run.err
        == "iris: can't read the inbox\n"
           "why: timed_out (106): expected what was asked for in time\n"
           "try: look at the node's load with: iris status\n");
}

TEST_CASE("what a full disk refuses is told when nobody waits any more") {
  live_node node{"[storage]\nreserve = \"1024 TiB\"\n"};

  auto run =
    node.run("alice", {"send", "--to", "bob", "hello", "--timeout", "10"});

  CHECK(run.code == 1);
  CHECK(run.out == "");
  CHECK(run.err
        == "iris: can't send to bob\n"
           "why: storage_full (404): the disk is full: reading goes on; that "
           "was its last word before --timeout was over\n"
           "try: make room on the node's disk, of which it keeps "
           "storage.reserve free, and try again\n");
}

TEST_CASE("who is not let in ends with 4, whatever the command") {
  live_node node, other;
  auto foreign = other.token("alice");
  auto own = node.token("alice");
  std::ofstream{node / "garbage.jwt"} << "a.b.c\n";
  std::vector<std::vector<std::string>> commands{
    {"chat", "--to", "bob"},
    {"send", "--to", "bob", "hello"},
    {"tail", "--no-follow"},
    {"group", "list"}};

  for (auto command : commands) {
    CAPTURE(command[0]);
    auto with = [&](std::vector<std::string> more) {
      auto all = command;
      all.insert(all.end(), more.begin(), more.end());
      all.insert(all.end(), {"--server", node.url()});
      return run_iris(all);
    };

    auto garbage = with({"--token-file", node / "garbage.jwt"});
    auto stranger = with({"--token-file", foreign});
    auto somebody_else = with({"--token-file", own, "--as", "bob"});

    CHECK(garbage.code == 4);
    CHECK(garbage.out == "");
    CHECK(garbage.err.find("why: token_invalid (201): ") != std::string::npos);
    CHECK(std::count(garbage.err.begin(), garbage.err.end(), '\n') == 3);
    CHECK(stranger.code == 4);
    CHECK(stranger.err.find("why: token_invalid (201): ") != std::string::npos);
    CHECK(somebody_else.code == 4);
    CHECK(somebody_else.out == "");
    CHECK(somebody_else.err.find("why: forbidden (203): the token is for "
                                 "alice, expected one for bob\n")
          != std::string::npos);
  }
}

} // namespace cli_send_tail_test
