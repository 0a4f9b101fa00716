#include "tests/actors/session_harness.hpp"

#include <functional>

namespace session_states_test {

using namespace iris;
using namespace iris::actors;
using namespace iris::actors::test;
using namespace std::chrono_literals;
using protocol::client_frame;

namespace {

constexpr auto all_states = {
  session_state::connected, session_state::negotiated,
  session_state::attaching, session_state::authenticated,
  session_state::syncing,   session_state::live,
  session_state::draining,  session_state::closed};

const conversation_id talk = direct_conversation(user("alice"), user("bob"));
const message_id some_id = session_harness::id("a");

/// What may be said where, a column for each state in order: + taken,
/// ! a fatal illegal_state, . dropped in silence.
struct row {
  const char* name;
  client_frame frame;
  std::string_view verdicts;
  lines when_taken;
};

std::vector<row> table() {
  protocol::send message;
  message.id = some_id;
  message.to = user("bob");
  return {
    {"hello",
     protocol::hello{},
     "+!!!!!..",
     {"welcome 1 heartbeat 25000 at 1700000000000"}},
    {"auth",
     protocol::auth{"good", device("phone")},
     "!+!!!!..",
     {"attach alice phone"}},
    {"sync", protocol::sync{{3}, 4}, "!!!+++..", {}},
    {"ack", protocol::ack{{3}}, "!!!!+++.", {}},
    {"send", message, "!!!+++..", {"submit a"}},
    {"batch", protocol::batch{{message}}, "!!!+++..", {"submit a"}},
    {"group_create",
     protocol::group_create{some_id, "", {}},
     "!!!+++..",
     {"submit a"}},
    {"group_add",
     protocol::group_add{some_id, talk, {user("bob")}},
     "!!!+++..",
     {"submit a"}},
    {"group_remove",
     protocol::group_remove{some_id, talk, {user("bob")}},
     "!!!+++..",
     {"submit a"}},
    {"group_leave",
     protocol::group_leave{some_id, talk},
     "!!!+++..",
     {"submit a"}},
    {"history",
     protocol::history{1, talk, {1}},
     "!!!+++..",
     {"request history"}},
    {"status",
     protocol::status{1, {user("bob")}},
     "!!!+++..",
     {"status of bob"}},
    {"conversations",
     protocol::conversations{1, {}},
     "!!!+++..",
     {"request conversations"}},
    {"roster", protocol::roster{1, talk}, "!!!+++..", {"request roster"}},
    {"devices", protocol::devices{1}, "!!!+++..", {"request devices"}},
    {"device_remove",
     protocol::device_remove{1, device("laptop")},
     "!!!+++..",
     {"request device_remove"}},
    {"ping", protocol::ping{7}, "+++++++.", {"pong 7"}},
    {"pong", protocol::pong{7}, "+++++++.", {}},
  };
}

} // namespace

TEST_CASE("the table knows every frame and every state") {
  CHECK(table().size() == std::variant_size_v<client_frame>);
  for (std::size_t i = 0; i < table().size(); ++i) {
    CHECK(table()[i].frame.index() == i);
    CHECK(table()[i].verdicts.size() == all_states.size());
  }
}

TEST_CASE("each frame in each state gets exactly its answer") {
  for (const auto& x : table()) {
    for (auto state : all_states) {
      CAPTURE(x.name);
      CAPTURE(to_string(state));
      session_harness it{state};

      it.receive(x.frame);

      switch (x.verdicts[static_cast<std::size_t>(state)]) {
      case '+':
        CHECK(it.take() == x.when_taken);
        CHECK(it.closed == false);
        break;
      case '!':
        CHECK(it.take() == lines{"error illegal_state fatal", "close"});
        CHECK(it.it->state() == session_state::closed);
        break;
      default:
        CHECK(it.take().empty());
        CHECK(it.it->state() == state);
      }
    }
  }
}

TEST_CASE("a connection goes through its states in order") {
  session_harness it;
  CHECK(it.it->state() == session_state::connected);

  it.receive(protocol::hello{});
  CHECK(it.it->state() == session_state::negotiated);
  it.receive(protocol::auth{"good", device("phone")});
  CHECK(it.it->state() == session_state::attaching);
  CHECK(it.it->user() == user("alice"));
  CHECK(it.it->device() == device("phone"));
  it.it->attached({}, {3}, {2}, {10});
  CHECK(it.it->state() == session_state::authenticated);
  it.receive(protocol::sync{{3}, 4});
  CHECK(it.it->state() == session_state::syncing);
  it.it->pushed({4}, 7, {10});
  CHECK(it.it->state() == session_state::live);

  CHECK(it.take()
        == lines{"welcome 1 heartbeat 25000 at 1700000000000",
                 "attach alice phone",
                 "ready alice phone cursor 3 floor 2 head 10", "live 10"});
}

TEST_CASE("only versions in common are spoken") {
  auto answer = [](std::uint32_t min, std::uint32_t max) {
    session_harness it;
    it.receive(protocol::hello{min, max, {}, ""});
    return it.take().front();
  };

  CHECK(answer(1, 1).starts_with("welcome 1 "));
  CHECK(answer(1, 9).starts_with("welcome 1 "));
  CHECK(answer(2, 9) == "error version_unsupported fatal");
  CHECK(answer(0, 0) == "error version_unsupported fatal");
}

TEST_CASE("a token that is not good ends the connection") {
  auto answer = [](std::string token, std::string_view name) {
    session_harness it{session_state::negotiated};
    it.receive(protocol::auth{std::move(token), device(name)});
    CHECK(it.closed == (it.it->state() == session_state::closed));
    return it.take();
  };

  CHECK(answer("expired", "phone")
        == lines{"error token_expired fatal", "close"});
  CHECK(answer("forged", "phone")
        == lines{"error token_invalid fatal", "close"});
  CHECK(answer("phone only", "laptop")
        == lines{"error token_invalid fatal", "close"});
  CHECK(answer("phone only", "phone") == lines{"attach alice phone"});
}

TEST_CASE("a device that may not attach is told why") {
  session_harness it{session_state::attaching};

  it.it->attached({errc::too_many_devices, "expected at most 8"}, {}, {}, {});

  CHECK(it.take() == lines{"error too_many_devices fatal", "close"});
}

TEST_CASE("an attach that nobody waits for changes nothing") {
  for (auto state : all_states) {
    if (state == session_state::attaching)
      continue;
    session_harness it{state};
    it.it->attached({}, {1}, {1}, {1});
    CHECK(it.take().empty());
    CHECK(it.it->state() == state);
  }
}

TEST_CASE("a frame that can't be read is fatal before authentication") {
  for (auto state : all_states) {
    CAPTURE(to_string(state));
    session_harness it{state};
    protocol::failed why;
    why.code = errc::bad_field;
    why.n = 5;

    it.it->refuse(why, it.now);

    if (state == session_state::closed)
      CHECK(it.take().empty());
    else if (state < session_state::authenticated)
      CHECK(it.take() == lines{"error bad_field n 5 fatal", "close"});
    else
      CHECK(it.take() == lines{"error bad_field n 5"});
  }
}

TEST_CASE("a stream that can't be read on is closed in every state") {
  session_harness it{session_state::live};
  protocol::failed why;
  why.code = errc::frame_too_large;
  why.fatal = true;

  it.receive(send_to("a", "bob"));
  it.take();
  it.it->refuse(why, it.now);

  CHECK(it.take() == lines{"error frame_too_large fatal", "close"});
}

TEST_CASE("what was received before a fatal frame is still submitted") {
  session_harness it{session_state::live};

  it.receive({send_to("a", "bob"), protocol::hello{}, send_to("b", "bob")});

  CHECK(it.take() == lines{"submit a", "error illegal_state fatal", "close"});
}

TEST_CASE("a closed session says and does nothing") {
  session_harness it{session_state::live};
  it.receive({send_to("a", "bob"), protocol::devices{1}});
  it.it->cut_off({errc::replaced, "expected one connection"});
  CHECK(
    it.take()
    == lines{"submit a", "request devices", "error replaced fatal", "close"});

  it.answered(it.tags[0], {sent("a")});
  CHECK_FALSE(it.it->take_request(it.tags[1]));
  it.it->pushed({11}, 1, {11});
  it.it->cut_off({errc::device_removed, ""});
  it.it->drain("stop", 1);
  it.pass(24h);
  it.tick();
  CHECK(it.take().empty());
}

TEST_CASE("whoever is cut off is told when to come back") {
  session_harness it;

  it.it->cut_off({errc::overloaded, "too many connections", 1500});

  CHECK(it.take() == lines{"error overloaded in 1500 fatal", "close"});
}

TEST_CASE("whoever is cut off is told why, in every state") {
  for (auto state : all_states) {
    session_harness it{state};
    it.it->cut_off({errc::device_removed, "this device was removed"});
    CHECK(it.take()
          == (state == session_state::closed
                ? lines{}
                : lines{"error device_removed fatal", "close"}));
  }
}

} // namespace session_states_test
