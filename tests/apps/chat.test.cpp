#include "apps/cli/chat.hpp"
#include "apps/cli/chat_screen.hpp"
#include "tests/apps/picture.hpp"

#include <doctest/doctest.h>

#include <sstream>

namespace chat_test {

using namespace iris;
using namespace iris::cli;
using test::picture_of;

namespace {

using rows = std::vector<std::string>;

user_id user(const char* name) {
  return *user_id::parse(name);
}

message_id id_of(std::uint8_t n) {
  message_id out;
  out.octets[15] = n;
  return out;
}

/// Takes everything, and answers nothing.
class mute_node final : public chat_node {
public:
  result<message_id> send(const target&, std::string) override {
    return id_of(++ids_);
  }
  result<std::uint64_t> ask_history(const conversation_id&,
                                    std::uint32_t) override {
    return ++asked_;
  }
  result<std::uint64_t> ask_status(std::vector<user_id>) override {
    return ++asked_;
  }
  result<std::uint64_t> ask_roster(const conversation_id&) override {
    return ++asked_;
  }

private:
  std::uint8_t ids_ = 0;
  std::uint64_t asked_ = 0;
};

client::disconnected lost(const char* why) {
  return {{errc::no_connection, why}, {}, "tcp://node:1"};
}

chat::options with_bob() {
  chat::options out;
  out.to.user = user("bob");
  out.device = *device_id::parse("laptop");
  return out;
}

/// A chat of alice with bob, at a terminal of `columns`.
struct stage {
  explicit stage(std::size_t columns = 80)
    : screen(out, [columns] { return columns; }),
      talk(with_bob(), node, screen) {}

  void open() {
    talk.handle(client::connected{user("alice"), {}, "tcp://node:1"});
    show_history();
  }

  void show_history() {
    talk.handle(protocol::live{});
    protocol::history_page none;
    none.n = 1;
    talk.handle(none);
  }

  void sent(std::uint8_t n) {
    protocol::sent x;
    x.id = id_of(n);
    x.seq = {n};
    talk.handle(x);
  }

  void hear(const char* text, std::uint64_t seq) {
    client::message x;
    x.item.conversation = direct_conversation(user("alice"), user("bob"));
    x.item.seq = {seq};
    x.item.from = user("bob");
    x.item.body = text;
    talk.handle(x);
  }

  /// The screen without the times of day.
  rows seen() const {
    auto all = picture_of(out.str());
    for (auto& x : all)
      if (x.size() > 5 && x[2] == ':' && x[5] == ' ')
        x.erase(0, 6);
    return all;
  }

  std::ostringstream out;
  mute_node node;
  chat_screen screen;
  chat talk;
};

} // namespace

TEST_CASE("at a terminal each message is there once, below it what is typed") {
  stage at;
  at.open();
  at.screen.typing("hel");
  CHECK(at.seen() == rows{"-- connected as alice, writing to bob", "> hel"});

  at.screen.typing("");
  at.talk.type("hello");
  at.talk.type("are you there?");
  at.screen.typing("I am");
  CHECK(at.seen()
        == rows{"-- connected as alice, writing to bob", "… hello",
                "… are you there?", "> I am"});

  at.sent(1);
  at.hear("hi", 2);
  CHECK(at.seen()
        == rows{"-- connected as alice, writing to bob", "alice: hello ✓",
                "bob: hi", "… are you there?", "> I am"});

  at.sent(2);
  at.screen.close();
  CHECK(at.seen()
        == rows{"-- connected as alice, writing to bob", "alice: hello ✓",
                "bob: hi", "alice: are you there? ✓"});
}

TEST_CASE("no message can be made to look like two") {
  stage at;
  at.open();

  at.hear("one\n09:18 carol: two\r\n\n-- \x1b[2Jthree\r?\n", 1);
  at.hear("four", 2);

  CHECK(at.seen()
        == rows{"-- connected as alice, writing to bob", "bob: one",
                "      09:18 carol: two", "      ", "      -- ?[2Jthree??",
                "bob: four", "> "});
}

TEST_CASE("a line that is refused is there once, and why") {
  stage at;
  at.open();
  at.talk.type("hello");

  at.talk.handle(client::failed{id_of(1), {errc::body_too_large, "too large"}});

  CHECK(at.seen()
        == rows{"-- connected as alice, writing to bob",
                "✗ hello: body_too_large (306): too large", "> "});
}

TEST_CASE("what doesn't fit into a row is cut where it is not said yet") {
  stage at{20};
  at.open();
  at.talk.type("0123456789 0123456789");
  at.screen.typing("abcdefghij\xc3\xbc klmnopqrst");

  auto seen = at.seen();
  REQUIRE(seen.size() == 5);
  CHECK(seen[3] == "… 0123456789 01234");
  CHECK(seen[4] == "> fghij\xc3\xbc klmnopqrst");
}

TEST_CASE("a line that is too long for a row goes on indented") {
  stage at{20};
  at.open();

  at.hear("a.09:18 carol: two\xe4\xb8\x80\xe4\xb8\x80 \xc3\xbc", 1);
  at.hear("12345678\n1234567890123\n12345678901234\n", 2);

  // A row has 19 columns, of which the time of day takes 6.
  CHECK(at.seen()
        == rows{"-- connected as ali", "      ce, writing t", "      o bob",
                "bob: a.09:18 ", "      carol: two\xe4\xb8\x80",
                "      \xe4\xb8\x80 \xc3\xbc", "bob: 12345678",
                "      1234567890123", "      1234567890123", "      4", "> "});
}

TEST_CASE("of many lines that wait the first few are shown") {
  stage at;
  at.open();
  for (int i = 1; i <= 7; ++i)
    at.talk.type(std::to_string(i));

  CHECK(at.seen()
        == rows{"-- connected as alice, writing to bob", "… 1", "… 2", "… 3",
                "… 4", "… 5", "> "});
  for (std::uint8_t i = 1; i <= 3; ++i)
    at.sent(i);
  CHECK(at.seen()
        == rows{"-- connected as alice, writing to bob", "alice: 1 ✓",
                "alice: 2 ✓", "alice: 3 ✓", "… 4", "… 5", "… 6", "… 7", "> "});
}

TEST_CASE("a connection is lost once, however often it can't be had again") {
  stage at;
  at.open();

  at.talk.handle(lost("cut"));
  at.talk.handle(lost("refused"));
  at.talk.handle(lost("refused"));
  at.talk.handle(client::connected{user("alice"), {}, "tcp://node:1"});
  at.talk.handle(lost("cut again"));
  at.talk.handle(lost("refused"));

  CHECK(at.seen()
        == rows{"-- connected as alice, writing to bob",
                "-- connection lost, trying again: no_connection (602): cut",
                "-- connected as alice, writing to bob",
                "-- connection lost, trying again: no_connection (602): cut "
                "again",
                "> "});
}

TEST_CASE("a terminal shows no prompt before lines are taken") {
  stage at;

  at.screen.typing("hello");
  CHECK(at.out.str() == "");
  // Nor can lines be taken before the history is there.
  at.talk.handle(client::connected{user("alice"), {}, "tcp://node:1"});
  CHECK(at.seen() == rows{"-- connected as alice, writing to bob"});

  at.show_history();
  CHECK(at.seen() == rows{"-- connected as alice, writing to bob", "> hello"});
}

} // namespace chat_test
