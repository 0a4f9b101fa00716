#include "tests/apps/live_node.hpp"

#include <nlohmann/json.hpp>

namespace cli_chat_test {

using namespace iris;
using namespace iris::test;

namespace {

/// Without the time at its front: "09:17 bob: hello" -> "bob: hello".
std::string said(const std::string& line) {
  return line.substr(std::min(line.size(), std::size_t{6}));
}

std::string event_of(const std::string& line) {
  return nlohmann::json::parse(line).at("event");
}

/// The id of a new group of these two.
std::string group_of(const live_node& node, const std::string& owner,
                     const std::string& member) {
  auto made = node.run(owner, {"group", "create", member});
  REQUIRE(made.code == 0);
  return made.out.substr(0, made.out.find('\n'));
}

} // namespace

TEST_CASE("two users chat, and each line gets its tick") {
  live_node node;
  auto alice = node.start("alice", {"chat", "--to", "bob"});
  auto bob = node.start("bob", {"chat", "--to", "alice"});
  CHECK(alice.next_line() == "-- connected as alice, writing to bob");
  CHECK(bob.next_line() == "-- connected as bob, writing to alice");

  alice.type("hello bob");
  CHECK(alice.next_line() == "… hello bob");
  CHECK(alice.next_line() == "✓ hello bob");
  CHECK(said(bob.next_line()) == "alice: hello bob");
  bob.type("//who are you");
  CHECK(bob.next_line() == "… /who are you");
  CHECK(bob.next_line() == "✓ /who are you");
  CHECK(said(alice.next_line()) == "bob: /who are you");
  alice.type("/who");
  CHECK(alice.next_line() == "-- bob: online");
  alice.type("/quit");
  bob.close_input();

  CHECK(alice.rest() == "");
  CHECK(bob.rest() == "");
  CHECK(alice.wait() == 0);
  CHECK(bob.wait() == 0);
}

TEST_CASE("a chat begins with the last messages, each shown once") {
  live_node node;
  for (const auto* text : {"one", "two", "three"})
    REQUIRE(node.run("alice", {"send", "--to", "bob", text}).code == 0);

  auto chat = node.run("bob", {"chat", "--to", "alice", "--history", "2"});

  CHECK(chat.code == 0);
  CHECK(chat.err == "");
  std::istringstream lines{chat.out};
  std::vector<std::string> all;
  for (std::string line; std::getline(lines, line);)
    all.push_back(line);
  REQUIRE(all.size() == 3);
  CHECK(all[0] == "-- connected as bob, writing to alice");
  CHECK(said(all[1]) == "alice: two");
  CHECK(said(all[2]) == "alice: three");
}

TEST_CASE("a chat goes on when its node is restarted") {
  live_node node;
  auto alice = node.start("alice", {"chat", "--to", "bob"});
  alice.line_with("connected as alice");
  alice.type("before");
  alice.line_with("✓ before");

  node.stop();
  alice.line_with("-- connection lost, trying again: ");
  alice.type("meanwhile");
  alice.line_with("… meanwhile");
  node.start();

  alice.line_with("-- connected as alice");
  CHECK(alice.line_with("meanwhile") == "✓ meanwhile");
  alice.close_input();
  CHECK(alice.wait() == 0);
  node.await_delivery("bob", 2);
  auto bob = node.run("bob", {"tail", "--no-follow", "--json"});
  CHECK(bob.code == 0);
  std::istringstream lines{bob.out};
  std::vector<std::string> bodies;
  for (std::string line; std::getline(lines, line);)
    bodies.push_back(nlohmann::json::parse(line)["body"]);
  CHECK(bodies == std::vector<std::string>{"before", "meanwhile"});
}

TEST_CASE("a chat for programs is one JSON object a line") {
  live_node node;
  auto alice = node.start("alice", {"--json", "chat", "--to", "bob"});
  auto connected = nlohmann::json::parse(alice.next_line());
  CHECK(
    connected
    == nlohmann::json{{"event", "connected"}, {"as", "alice"}, {"to", "bob"}});

  alice.type("hello");
  auto queued = nlohmann::json::parse(alice.next_line());
  auto sent = nlohmann::json::parse(alice.next_line());
  CHECK(queued["event"] == "queued");
  CHECK(sent["event"] == "sent");
  CHECK(sent["id"] == queued["id"]);
  CHECK(sent["sequence"] == 1);

  REQUIRE(node.run("bob", {"send", "--to", "alice", "hi"}).code == 0);
  auto message = nlohmann::json::parse(alice.next_line());
  CHECK(message["event"] == "message");
  CHECK(message["from"] == "bob");
  CHECK(message["to"] == "alice");
  CHECK(message["body"] == "hi");
  CHECK(message["sequence"] == 2);
  alice.type("/help");
  CHECK(event_of(alice.next_line()) == "notice");
  alice.close_input();
  CHECK(alice.rest() == "");
  CHECK(alice.wait() == 0);
}

TEST_CASE("from a pipe every line is durable before the chat ends") {
  live_node node;
  constexpr int count = 600; // more than may be on their way at once
  std::string input, expected;
  for (int i = 0; i < count; ++i)
    input += "line " + std::to_string(i) + "\n";

  auto chat = node.run("alice", {"chat", "--to", "bob"}, input);
  node.await_delivery("bob", count);
  auto inbox = node.run("bob", {"tail", "--no-follow", "--json"});

  CHECK(chat.code == 0);
  std::istringstream lines{inbox.out};
  int i = 0;
  for (std::string line; std::getline(lines, line); ++i) {
    auto x = nlohmann::json::parse(line);
    REQUIRE(x["body"] == "line " + std::to_string(i));
    REQUIRE(x["sequence"] == i + 1);
  }
  CHECK(i == count);
}

TEST_CASE("a line that is refused is marked, and the chat ends with 1") {
  live_node node;
  auto id = group_of(node, "alice", "bob");
  auto bob = node.start("bob", {"chat", "--group", id});
  bob.line_with("connected as bob");
  bob.type("hello");
  bob.line_with("✓ hello");
  REQUIRE(node.run("alice", {"group", "remove", id, "bob"}).code == 0);

  bob.type("let me in");

  bob.line_with("✗ let me in: not_a_member (304): ");
  bob.close_input();
  CHECK(bob.wait() == 1);
}

TEST_CASE("a group that one is not in, or that is not there, has no chat") {
  live_node node;
  auto id = group_of(node, "alice", "bob");
  const std::string nowhere = "00112233-4455-6677-8899-aabbccddeeff";

  for (const auto& group : {id, nowhere})
    for (const auto* history : {"20", "0"}) {
      CAPTURE(group);
      CAPTURE(history);

      auto chat = node.run(
        "mallory", {"chat", "--group", group, "--history", history}, "hello\n");

      CHECK(chat.code == 1);
      CHECK(chat.out == "-- connected as mallory, writing to " + group + "\n");
      CHECK(chat.err
            == "iris: can't chat with " + group
                 + "\nwhy: not_a_member (304): expected a member of this "
                   "conversation\ntry: see which groups you are in with: iris "
                   "group list; an admin can add you to this one\n");
    }
}

TEST_CASE("a chat in a group can begin without old messages") {
  live_node node;
  auto id = group_of(node, "alice", "bob");

  auto chat =
    node.run("bob", {"chat", "--group", id, "--history", "0"}, "hello\n");

  CHECK(chat.code == 0);
  CHECK(chat.err == "");
  CHECK(chat.out
        == "-- connected as bob, writing to " + id + "\n… hello\n✓ hello\n");
}

TEST_CASE("a command that there is not is named, and nothing is sent") {
  live_node node;

  auto chat = node.run("alice", {"chat", "--to", "bob"}, "/histroy 5\n");

  CHECK(chat.code == 1);
  CHECK(chat.out
        == "-- connected as alice, writing to bob\n"
           "-- there is no /histroy, and nothing was sent; /history [N], "
           "/who, /quit; // begins a line with /\n");
  auto help = node.run("alice", {"chat", "--to", "bob"}, "/help\n");
  CHECK(help.code == 0);
  CHECK(help.out
        == "-- connected as alice, writing to bob\n"
           "-- /history [N], /who, /quit; // begins a line with /\n");
}

TEST_CASE("an interrupt ends a chat at once, as it ends any program") {
  live_node node;
  auto alice = node.start("alice", {"chat", "--to", "bob"});
  alice.line_with("connected as alice");

  alice.signal(SIGINT);

  CHECK(alice.wait() == -SIGINT);
}

TEST_CASE("a chat whose output nobody reads any more ends") {
  live_node node;
  auto alice = node.start("alice", {"chat", "--to", "bob"});
  alice.line_with("connected as alice");

  alice.close_output();
  alice.type("hello");

  CHECK(alice.wait() == -SIGPIPE);
}

} // namespace cli_chat_test
