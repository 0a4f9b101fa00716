#include "clients/cpp/requests.hpp"

#include "tests/client/stage.hpp"

#include <doctest/doctest.h>

namespace requests_test {

using namespace iris;
using namespace iris::client;
using namespace std::chrono_literals;

namespace {

struct open_stage : stage {
  open_stage() {
    open();
    frames.clear();
    events.clear();
  }

  std::uint64_t ask(request what) { return *core.ask(std::move(what), now); }
};

conversation_id chat() {
  return direct_conversation(user("alice"), user("bob"));
}

} // namespace

TEST_CASE("a request has the answer of its number") {
  open_stage at;

  auto n = at.ask(protocol::status{0, {user("bob")}});
  auto m = at.ask(protocol::devices{});
  CHECK(at.take<protocol::status>() == protocol::status{n, {user("bob")}});
  CHECK(at.take<protocol::devices>() == protocol::devices{m});
  CHECK(n != m);

  at.node(protocol::device_list{m, {}});
  at.node(protocol::statuses{n, {{user("bob"), true, {5}}}});
  CHECK(at.event<protocol::device_list>().n == m);
  CHECK(at.event<protocol::statuses>().users.at(0).online);
}

TEST_CASE("every kind of request can be asked") {
  open_stage at;

  auto n = at.ask(protocol::history{0, chat(), {1}, 10, false});
  at.node(protocol::history_page{n, chat(), {}, {}});
  CHECK(at.event<protocol::history_page>().n == n);
  n = at.ask(protocol::conversations{});
  at.node(protocol::conversation_list{n, {}, false});
  CHECK(at.event<protocol::conversation_list>().n == n);
  n = at.ask(protocol::roster{0, chat()});
  at.node(protocol::members{n, chat(), "", {}, {}});
  CHECK(at.event<protocol::members>().n == n);
  n = at.ask(protocol::device_remove{0, *device_id::parse("old")});
  at.node(protocol::done{n});
  CHECK(at.event<protocol::done>().n == n);
  CHECK(at.said() == "history conversations roster device_remove");
}

TEST_CASE("a refused request is reported") {
  open_stage at;
  auto n = at.ask(protocol::roster{0, chat()});
  protocol::failed no;
  no.code = errc::not_a_member;
  no.text = "no";
  no.n = n;

  at.node(no);

  CHECK(at.event<refused>() == refused{n, {errc::not_a_member, "no"}});
}

TEST_CASE("an answer to something else is a broken protocol") {
  open_stage at;
  protocol::server_frame wrong = protocol::goaway{};
  SUBCASE("of another kind") {
    wrong = protocol::done{at.ask(protocol::devices{})};
  }
  SUBCASE("about another conversation") {
    wrong =
      protocol::members{at.ask(protocol::roster{0, chat()}), {}, "", {}, {}};
  }
  SUBCASE("about other users") {
    wrong = protocol::statuses{at.ask(protocol::status{0, {user("bob")}}),
                               {{user("eve"), true, {}}}};
  }
  SUBCASE("with more than was asked for") {
    wrong = protocol::conversation_list{
      at.ask(protocol::conversations{0, {}, 1}), {{}, {}}, false};
  }

  at.node(wrong);

  CHECK(at.event<protocol_error>().what.code == errc::bad_field);
}

TEST_CASE("a request is asked again on the next connection") {
  open_stage at;
  auto n = at.ask(protocol::devices{});
  at.cut();
  at.await_dial();
  at.frames.clear();

  at.open();

  CHECK(at.said() == "hello auth sync devices");
  at.events.clear();
  at.node(protocol::device_list{n, {}});
  CHECK(at.event<protocol::device_list>().n == n);
}

TEST_CASE("a request that no connection takes is given up in time") {
  stage at;
  auto n = *at.core.ask(protocol::devices{}, at.now);

  at.pass(29s);
  at.events.clear();
  at.pass(1s);

  auto event = at.event<refused>();
  CHECK(event.n == n);
  CHECK(event.why.code == errc::deadline_exceeded);
}

TEST_CASE("a request given up says why the node let nobody in") {
  stage at;
  REQUIRE(at.core.ask(protocol::devices{}, at.now));
  at.link_up();
  protocol::failed busy;
  busy.code = errc::overloaded;
  busy.text = "too many are here";
  busy.fatal = true;
  at.node(busy);
  CHECK(at.core.refusal().code == errc::overloaded);

  at.events.clear();
  for (int i = 0; i < 30; ++i) {
    at.cut();
    at.pass(1s);
  }

  while (std::holds_alternative<disconnected>(at.events.front()))
    at.events.pop_front();
  CHECK(at.event<refused>().why
        == error{errc::deadline_exceeded,
                 "no answer came in time; the node's last refusal: overloaded "
                 "(400): too many are here"});
}

TEST_CASE("a node that leaves a request unanswered is given up") {
  open_stage at;
  auto n = at.ask(protocol::devices{});
  for (int i = 0; i < 30; ++i) {
    at.node(protocol::ping{1});
    at.pass(1s);
  }

  CHECK(at.event<refused>().n == n);
  CHECK(at.event<disconnected>().reason.code == errc::timed_out);
}

TEST_CASE("requests are bounded") {
  open_stage at;
  for (int i = 0; i < 256; ++i)
    at.ask(protocol::devices{});

  CHECK(at.core.ask(protocol::devices{}, at.now).failure().code
        == errc::overloaded);
}

TEST_CASE("what the node would refuse is not asked") {
  open_stage at;

  CHECK(at.core.ask(protocol::status{}, at.now).failure().code
        == errc::bad_field);
  CHECK(at.core.ask(protocol::history{0, chat(), {1}, 257, false}, at.now)
          .failure()
          .code
        == errc::bad_field);
  CHECK(at.silent());
}

} // namespace requests_test
