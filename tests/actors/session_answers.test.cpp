#include "tests/actors/session_harness.hpp"

namespace session_answers_test {

using namespace iris;
using namespace iris::actors;
using namespace iris::actors::test;
using namespace std::chrono_literals;

namespace {

protocol::client_frame batch_of(std::initializer_list<const char*> ids) {
  protocol::batch out;
  for (auto x : ids)
    out.sends.push_back(std::get<protocol::send>(send_to(x, "bob")));
  return out;
}

/// Keeps the submissions that a session asks for.
struct submissions final : session::sink {
  void send(const protocol::server_frame&, std::string_view) override {}
  void act(session::command what) override {
    if (auto* x = std::get_if<session::submit_list>(&what))
      lists.push_back(std::move(*x));
  }
  void close() override {}

  std::vector<session::submit_list> lists;
};

} // namespace

TEST_CASE("what one read brings for a conversation goes out together") {
  session_harness it{session_state::live};

  it.receive({send_to("a", "bob"), send_to("b", "carol"), batch_of({"c", "d"}),
              send_to("e", "carol")});

  CHECK(it.take() == lines{"submit a c d", "submit b e"});
  CHECK(it.it->in_flight() == 5);
}

TEST_CASE("an answer comes with the trace of what it answers") {
  session_options options;
  options.sends_per_second = 4;
  session_harness it{session_state::live, options};
  auto traced = [](const char* id) {
    auto out = std::get<protocol::send>(send_to(id, "bob"));
    out.trace = std::string{"of "} + id;
    return out;
  };

  it.receive({traced("a"), send_to("b", "bob"), protocol::batch{{traced("c")}},
              traced("d"), traced("e")});
  CHECK(
    it.take()
    == lines{"error rate_limited id e in 250 trace of e", "submit a b c d"});
  it.answered(it.tags.back(),
              {sent("c"), refused("a", errc::not_a_member), sent("b")});
  CHECK(it.take()
        == lines{"sent c trace of c", "error not_a_member id a trace of a",
                 "sent b"});

  it.pass(1s);
  it.receive(traced("f"));
  it.take();
  it.pass(it.options.request_timeout);
  it.tick();
  CHECK(it.take().front() == "error deadline_exceeded id f in 1000 trace of f");
}

TEST_CASE("a send names its conversation, or a user who shares one") {
  submissions found;
  session_options options;
  options.verify = [](auto, timestamp at) -> result<credentials> {
    return credentials{user("alice"), {}, {at.ms + 1000}};
  };
  session it{options, found, {1}, 0s};
  it.receive(protocol::hello{}, {0}, 0s);
  it.receive(protocol::auth{"t", device("phone")}, {0}, 0s);
  it.attached({}, {}, {}, {});
  auto talk = direct_conversation(user("alice"), user("bob"));
  auto group = group_conversation(user("alice"), session_harness::id("g"));
  protocol::send named;
  named.id = session_harness::id("b");
  named.conversation = group;

  it.receive(send_to("a", "bob"), {0}, 0s);
  it.receive(named, {0}, 0s);
  it.receive(protocol::group_create{session_harness::id("g"), "", {}}, {0}, 0s);
  it.flush();

  REQUIRE(found.lists.size() == 2);
  CHECK(found.lists[0].conversation == talk);
  CHECK(found.lists[1].conversation == group);
}

TEST_CASE("a submission arrives as it was sent") {
  submissions found;
  session_options options;
  options.verify = [](auto, timestamp at) -> result<credentials> {
    return credentials{user("alice"), {}, {at.ms + 1000}};
  };
  session it{options, found, {1}, 0s};
  it.receive(protocol::hello{}, {0}, 0s);
  it.receive(protocol::auth{"t", device("phone")}, {0}, 0s);
  it.attached({}, {}, {}, {});
  auto receive = [&](const protocol::client_frame& x) {
    it.receive(x, {0}, 0s);
    it.flush();
    return found.lists.back().list.front();
  };
  auto id = session_harness::id("a");
  auto other = session_harness::id("b");
  std::vector users{user("bob"), user("carol")};

  auto message = receive(
    protocol::send{id, user("bob"), std::nullopt, "body", other, "trace"});
  CHECK(message.id == id);
  CHECK(message.kind == protocol::item_kind::message);
  CHECK(message.to == user("bob"));
  CHECK(message.body == "body");
  CHECK(message.after == other);
  CHECK(message.trace == "trace");
  auto created = receive(protocol::group_create{id, "title", users});
  CHECK(created.kind == protocol::item_kind::group_created);
  CHECK(created.title == "title");
  CHECK(created.users == users);
  auto added = receive(protocol::group_add{id, {}, users});
  CHECK(added.kind == protocol::item_kind::members_added);
  CHECK(added.users == users);
  auto removed = receive(protocol::group_remove{id, {}, users});
  CHECK(removed.kind == protocol::item_kind::members_removed);
  CHECK(removed.users == users);
  auto left = receive(protocol::group_leave{id, {}});
  CHECK(left.kind == protocol::item_kind::member_left);
  CHECK(left.users.empty());
}

TEST_CASE("each submission is answered once, in order") {
  session_harness it{session_state::live};
  it.receive(batch_of({"a", "b", "c"}));
  it.take();

  it.answered(it.tags[0],
              {sent("a"), refused("b", errc::overloaded), sent("c")});
  it.answered(it.tags[0], {sent("a"), sent("b"), sent("c")});

  CHECK(it.take() == lines{"sent a", "error overloaded id b", "sent c"});
  CHECK(it.it->in_flight() == 0);
}

TEST_CASE("a request is asked behind what was submitted before it") {
  session_harness it{session_state::live};

  it.receive({send_to("a", "bob"), protocol::roster{1, {}}, send_to("b", "bob"),
              protocol::ack{{9}}, send_to("c", "bob")});

  CHECK(it.take()
        == lines{"submit a", "request roster", "acknowledge 9", "submit b c"});
}

TEST_CASE("answers nobody waits for are dropped") {
  session_harness it{session_state::live};

  it.answered(4711, {sent("a")});
  it.it->status_answered(4711, {user("bob"), true, {}});

  CHECK_FALSE(it.it->take_request(4711));
  CHECK(it.take().empty());
}

TEST_CASE("a request is known by the number the client gave it") {
  session_harness it{session_state::live};
  it.receive({protocol::devices{70}, protocol::roster{71, {}}});
  CHECK(it.it->in_flight() == 2);

  CHECK(it.it->take_request(it.tags[1]) == 71);
  CHECK(it.it->take_request(it.tags[0]) == 70);

  CHECK_FALSE(it.it->take_request(it.tags[0]));
  CHECK(it.it->in_flight() == 0);
}

TEST_CASE("a status of many users is one answer, in the order asked") {
  session_harness it{session_state::live};
  it.receive(protocol::status{9, {user("bob"), user("carol"), user("dave")}});
  CHECK(it.take() == lines{"status of bob carol dave"});
  REQUIRE(it.tags.size() == 1);
  auto tag = it.tags.front();
  // Each name is work for somebody.
  CHECK(it.it->in_flight() == 3);
  CHECK(it.it->requests() == 1);

  it.it->status_answered(tag, {user("dave"), true, {5}});
  it.it->status_answered(tag, {user("bob"), false, {0}});
  CHECK(it.take().empty());
  it.it->status_answered(tag, {user("carol"), false, {7}});

  CHECK(it.take() == lines{"statuses 9 bob-0 carol-7 dave+5"});
  CHECK(it.it->in_flight() == 0);
  CHECK(it.it->requests() == 0);
}

TEST_CASE("a status that fails or is late weighs nothing any more") {
  session_harness it{session_state::live};
  it.receive(protocol::status{1, {user("bob"), user("carol")}});
  it.receive(protocol::status{2, {user("bob"), user("carol")}});
  it.receive(send_to("a", "bob"));
  CHECK(it.it->in_flight() == 5);

  CHECK(it.it->take_request(it.tags.front()) == 1);
  CHECK(it.it->in_flight() == 3);
  CHECK(it.it->requests() == 1);
  it.pass(it.options.request_timeout);
  it.tick();

  CHECK(it.it->in_flight() == 0);
  CHECK(it.it->requests() == 0);
}

TEST_CASE("a session is saturated at its limit of unanswered submissions") {
  session_harness it{session_state::live};
  auto most = protocol::limits::in_flight_max;
  for (std::uint32_t i = 1; i < most; ++i)
    it.receive(send_to("a", "bob"));
  CHECK_FALSE(it.it->saturated());

  it.receive(protocol::devices{1});
  CHECK(it.it->saturated());

  it.answered(it.tags.front(), {sent("a")});
  CHECK_FALSE(it.it->saturated());
}

TEST_CASE("a node that stops says so, answers, then closes") {
  session_harness it{session_state::live};
  it.receive({send_to("a", "bob"), send_to("b", "carol")});
  it.take();

  it.it->drain("stop", 1000);
  CHECK(it.take() == lines{"goaway stop 1000"});
  it.it->drain("again", 1);
  it.answered(it.tags[0], {sent("a")});
  CHECK(it.take() == lines{"sent a"});
  it.answered(it.tags[1], {sent("b")});

  CHECK(it.take() == lines{"sent b", "close"});
}

TEST_CASE("a stopping node closes once the last request was answered") {
  session_harness it{session_state::live};
  it.receive({protocol::devices{70}, protocol::status{71, {user("bob")}}});
  it.it->drain("stop", 1000);
  it.take();

  it.it->status_answered(it.tags[1], {user("bob"), true, {5}});
  CHECK(it.it->take_request(it.tags[0]) == 70);
  CHECK(it.take() == lines{"statuses 71 bob+5"});
  it.it->finish_drain(); // The answer is out.

  CHECK(it.take() == lines{"close"});
}

TEST_CASE("a stopping node closes at once when nothing is unanswered") {
  for (auto state : {session_state::connected, session_state::negotiated,
                     session_state::attaching, session_state::authenticated,
                     session_state::syncing, session_state::live}) {
    session_harness it{state};
    it.it->drain("stop", 1000);
    CHECK(it.take() == lines{"goaway stop 1000", "close"});
  }
}

TEST_CASE("a client that has to go is told where") {
  session_harness it{session_state::live};

  it.it->drain("stop", 1000, {"tls://b:1", "wss://b:2"});

  CHECK(it.take() == lines{"goaway stop 1000 tls://b:1 wss://b:2", "close"});
}

TEST_CASE("what was received before the drain is answered") {
  session_harness it{session_state::live};
  it.it->receive(send_to("a", "bob"), it.wall, it.now);

  it.it->drain("stop", 1000);

  CHECK(it.take() == lines{"submit a", "goaway stop 1000"});
}

} // namespace session_answers_test
