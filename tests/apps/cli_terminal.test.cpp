#include "tests/apps/live_node.hpp"
#include "tests/apps/picture.hpp"

namespace cli_terminal_test {

using namespace iris;
using namespace iris::test;

namespace {

using rows = std::vector<std::string>;

/// A chat at a terminal, and all that was on it.
struct chatting {
  chatting(const live_node& node, const std::string& me, const std::string& to)
    : run(node.start(me, {"chat", "--to", to}, program::at::terminal)) {}

  /// Waits for this behind what was waited for last.
  void await(const std::string& part) {
    std::size_t at;
    while ((at = all.find(part, seen_to)) == all.npos)
      all += run.more();
    seen_to = at + part.size();
  }

  /// The screen without the times of day.
  rows seen() const {
    auto out = picture_of(all);
    for (auto& x : out)
      if (x.size() > 5 && x[2] == ':' && x[5] == ' ')
        x.erase(0, 6);
    return out;
  }

  program run;
  std::string all;
  std::size_t seen_to = 0;
};

} // namespace

TEST_CASE("at a terminal a chat shows each message once") {
  live_node node;
  chatting alice{node, "alice", "bob"}, bob{node, "bob", "alice"};
  alice.await("> ");
  bob.await("> ");

  alice.run.press("helo\x7flo bob\r");
  alice.await("hello bob ✓\r\n");
  alice.await("> ");
  bob.run.press("I am typ");
  bob.await("> I am typ");
  alice.run.press("are you there?\r");
  alice.await("are you there? ✓\r\n");
  alice.await("> ");
  bob.await("are you there?\r\n");
  bob.await("> I am typ");
  bob.run.press("ing\r");
  bob.await("I am typing ✓\r\n");
  bob.await("> ");

  CHECK(alice.seen().front() == "-- connected as alice, writing to bob");
  CHECK(bob.seen()
        == rows{"-- connected as bob, writing to alice", "alice: hello bob",
                "alice: are you there?", "bob: I am typing ✓", "> "});
  CHECK_FALSE(bob.run.terminal_is_usual());
  bob.run.press("\x04");
  bob.all += bob.run.rest();
  CHECK(bob.run.terminal_is_usual());
  CHECK(bob.run.wait() == 0);
  CHECK(bob.seen()
        == rows{"-- connected as bob, writing to alice", "alice: hello bob",
                "alice: are you there?", "bob: I am typing ✓"});
  alice.await("I am typing\r\n");
  alice.run.press("/quit\r");
  alice.all += alice.run.rest();
  CHECK(alice.run.wait() == 0);
  CHECK(alice.seen()
        == rows{"-- connected as alice, writing to bob", "alice: hello bob ✓",
                "alice: are you there? ✓", "bob: I am typing"});
}

TEST_CASE("at a terminal what is typed while the node is away waits below") {
  live_node node;
  chatting alice{node, "alice", "bob"};
  alice.await("> ");

  node.stop();
  alice.await("-- connection lost, trying again: ");
  alice.run.press("meanwhile\r");
  alice.await("… meanwhile\r\n> ");
  CHECK(alice.seen().size() == 4);
  CHECK(alice.seen().at(2) == "… meanwhile");
  node.start();
  alice.await("meanwhile ✓\r\n");
  alice.run.press("\x04");
  alice.all += alice.run.rest();

  CHECK(alice.run.wait() == 0);
  auto seen = alice.seen();
  REQUIRE(seen.size() == 4);
  CHECK(seen[0] == "-- connected as alice, writing to bob");
  CHECK(seen[1].starts_with("-- connection lost, trying again: "));
  CHECK(seen[2] == "-- connected as alice, writing to bob");
  CHECK(seen[3] == "alice: meanwhile ✓");
}

TEST_CASE("a chat that is interrupted leaves its terminal as it was") {
  live_node node;
  struct {
    const char* keys;
    int signal;
    int end;
  } cases[] = {{"\x03", 0, -SIGINT}, {"", SIGTERM, -SIGTERM}};

  for (const auto& x : cases) {
    CAPTURE(x.end);
    chatting alice{node, "alice", "bob"};
    alice.await("> ");
    CHECK_FALSE(alice.run.terminal_is_usual());

    alice.run.press(x.keys);
    if (x.signal != 0)
      alice.run.signal(x.signal);
    alice.all += alice.run.rest();

    CHECK(alice.run.terminal_is_usual());
    CHECK(alice.run.wait() == x.end);
  }
}

TEST_CASE("at a terminal why a chat ends stands on a row of its own") {
  live_node node;
  chatting alice{node, "alice", "bob"};
  alice.await("> ");
  alice.run.press("hel");
  alice.await("> hel");

  chatting other{node, "alice", "bob"};
  other.await("> ");
  alice.all += alice.run.rest();

  CHECK(alice.seen() == rows{"-- connected as alice, writing to bob"});
  CHECK(alice.run.complaint()
        == "iris: can't chat with bob\n"
           "why: replaced (207): this device connected again elsewhere\n"
           "try: another program is this device now: give each its own "
           "--device\n");
  CHECK(alice.run.wait() == 4);
}

} // namespace cli_terminal_test
