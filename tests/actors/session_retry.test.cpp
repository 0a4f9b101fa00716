// What nobody carries out for now is asked for again.
#include "tests/actors/session_harness.hpp"

namespace session_retry_test {

using namespace iris;
using namespace iris::actors;
using namespace iris::actors::test;
using namespace std::chrono_literals;

namespace {

protocol::client_frame send_after(std::string_view id,
                                  std::string_view before) {
  auto out = std::get<protocol::send>(send_to(id, "bob"));
  out.after = session_harness::id(before);
  return out;
}

/// Bob's conversation with alice, which is the harness's user.
conversation_id with_bob() {
  return direct_conversation(user("alice"), user("bob"));
}

} // namespace

TEST_CASE("a submission without a leader is sent again and answered once") {
  session_harness it{session_state::live};
  it.receive({send_to("a", "bob"), send_to("b", "bob")});
  CHECK(it.take() == lines{"submit a b"});
  auto tag = it.tags.at(0);

  it.answered(tag,
              {refused("a", errc::not_leader), refused("b", errc::not_leader)});
  CHECK(it.take().empty());
  CHECK(it.it->in_flight() == 2);
  CHECK(it.it->next_deadline() > it.now);
  CHECK(it.it->next_deadline() <= it.now + 150ms);
  it.wait();
  CHECK(it.take() == lines{"submit a b"});
  CHECK(it.tags.at(1) == tag);
  it.answered(tag, {sent("a"), sent("b")});

  CHECK(it.take() == lines{"sent a", "sent b"});
  CHECK(it.it->in_flight() == 0);
}

TEST_CASE("what may not get better is told at once") {
  for (auto code : {errc::overloaded, errc::storage_full, errc::internal,
                    errc::not_a_member, errc::rate_limited}) {
    session_harness it{session_state::live};
    it.receive(send_to("a", "bob"));
    it.take();

    it.answered(it.tags.at(0), {refused("a", code)});

    CHECK(it.take()
          == lines{"error " + std::string{to_string(code)} + " id a"});
  }
}

TEST_CASE("a later submission waits behind one that is sent again") {
  session_harness it{session_state::live};
  it.receive(send_to("a", "bob"));
  it.answered(it.tags.at(0), {refused("a", errc::unavailable)});
  it.take();

  it.receive({send_to("b", "bob"), send_to("x", "carol")});
  CHECK(it.take() == lines{"submit x"});
  it.receive(send_to("c", "bob"));
  CHECK(it.take().empty());
  it.wait();
  // First the oldest alone.
  CHECK(it.take() == lines{"submit a"});
  it.answered(it.tags.back(), {sent("a")});

  CHECK(it.take() == lines{"sent a", "submit b", "submit c"});
  auto n = it.tags.size();
  it.answered(it.tags.at(n - 2), {sent("b")});
  it.answered(it.tags.at(n - 1), {sent("c")});
  CHECK(it.take() == lines{"sent b", "sent c"});
  it.receive(send_to("d", "bob"));
  CHECK(it.take() == lines{"submit d"});
}

TEST_CASE("what was refused together is sent again in order") {
  session_harness it{session_state::live};
  for (auto x : {"a", "b", "c"})
    it.receive(send_to(x, "bob"));
  it.take();

  // Answers from different threads may cross.
  it.answered(it.tags.at(1), {refused("b", errc::not_leader)});
  it.answered(it.tags.at(0), {refused("a", errc::not_leader)});
  it.answered(it.tags.at(2), {refused("c", errc::not_leader)});
  it.wait();
  CHECK(it.take() == lines{"submit a"});
  it.answered(it.tags.at(0), {refused("a", errc::not_leader)});
  CHECK(it.take().empty());
  it.wait();
  CHECK(it.take() == lines{"submit a"});
  it.answered(it.tags.at(0), {sent("a")});

  CHECK(it.take() == lines{"sent a", "submit b", "submit c"});
}

TEST_CASE("what two attempts were answered is told once") {
  session_harness it{session_state::live};
  it.receive({send_to("a", "bob"), send_to("b", "bob")});
  it.take();
  auto tag = it.tags.at(0);
  it.lost(tag);
  it.wait();
  CHECK(it.take() == lines{"submit a b"});

  for (auto expected : {lines{"error not_a_member id a"}, lines{}}) {
    it.answered(
      tag, {refused("a", errc::not_a_member), refused("b", errc::not_leader)});
    CHECK(it.take() == expected);
  }

  it.wait();
  CHECK(it.take() == lines{"submit b"});
  it.answered(tag, {sent("b")});
  CHECK(it.take() == lines{"sent b"});
}

TEST_CASE("nothing waits for what was sent behind it") {
  session_harness it{session_state::live};
  it.receive(send_after("b", "a"));
  it.answered(it.tags.at(0), {refused("b", errc::not_leader)});
  it.receive(send_to("a", "bob"));
  it.take();
  it.wait();
  CHECK(it.take() == lines{"submit b"});

  it.answered(it.tags.at(0), {refused("b", errc::out_of_order)});

  CHECK(it.take() == lines{"error out_of_order id b", "submit a"});
}

TEST_CASE("nothing is sent again behind what came later and was taken") {
  session_harness it{session_state::live};
  it.receive(send_to("a", "bob"));
  it.receive(send_to("b", "bob"));
  it.take();

  it.answered(it.tags.at(0), {refused("a", errc::not_leader)});
  // Nobody knows yet what becomes of b.
  it.pass(1s);
  it.tick();
  CHECK(it.take().empty());
  it.answered(it.tags.at(1), {sent("b")});

  CHECK(it.take() == lines{"error not_leader id a", "sent b"});
  CHECK(it.it->in_flight() == 0);
}

TEST_CASE("of one list, what stands behind the last answer is sent again") {
  session_harness it{session_state::live};
  it.receive({send_to("a", "bob"), send_to("b", "bob"), send_to("c", "bob"),
              send_to("d", "bob")});
  it.take();

  it.answered(it.tags.at(0), {refused("a", errc::unavailable), sent("b"),
                              refused("c", errc::unavailable),
                              refused("d", errc::not_leader)});
  CHECK(it.take() == lines{"error unavailable id a", "sent b"});
  CHECK(it.it->in_flight() == 2);
  it.wait();

  CHECK(it.take() == lines{"submit c d"});
}

TEST_CASE("out of order behind what is sent again is sent again too") {
  session_harness it{session_state::live};
  it.receive(send_to("a", "bob"));
  it.receive(send_after("b", "a"));
  it.receive(send_after("z", "y"));
  it.take();

  it.answered(it.tags.at(0), {refused("a", errc::not_leader)});
  it.answered(it.tags.at(1), {refused("b", errc::out_of_order)});
  CHECK(it.take().empty());
  // Nothing of this connection explains this one.
  it.answered(it.tags.at(2), {refused("z", errc::out_of_order)});

  CHECK(it.take()
        == lines{"error not_leader id a", "error out_of_order id b",
                 "error out_of_order id z"});
}

TEST_CASE("an order that is kept by ids is kept by sending again") {
  session_harness it{session_state::live};
  it.receive(send_to("a", "bob"));
  it.receive({send_after("b", "a"), send_after("c", "b")});
  it.take();

  it.answered(it.tags.at(0), {refused("a", errc::not_leader)});
  it.answered(it.tags.at(1), {refused("b", errc::out_of_order),
                              refused("c", errc::out_of_order)});
  it.wait();
  CHECK(it.take() == lines{"submit a"});
  it.answered(it.tags.at(0), {sent("a")});

  CHECK(it.take() == lines{"sent a", "submit b c"});
}

TEST_CASE("what is lost is sent again, in order") {
  session_harness it{session_state::live};
  it.receive(send_to("a", "bob"));
  it.receive(send_to("b", "bob"));
  it.take();

  it.lost(it.tags.at(0));
  it.lost(it.tags.at(1));
  it.wait();
  CHECK(it.take() == lines{"submit a"});
  it.answered(it.tags.at(0), {sent("a")});

  CHECK(it.take() == lines{"sent a", "submit b"});
}

TEST_CASE("what was refused before something was lost is not sent again") {
  session_harness it{session_state::live};
  it.receive(send_to("a", "bob"));
  it.receive(send_to("b", "bob"));
  it.take();

  it.answered(it.tags.at(0), {refused("a", errc::unavailable)});
  it.lost(it.tags.at(1)); // It may have been taken.
  CHECK(it.take() == lines{"error unavailable id a"});
  it.wait();

  CHECK(it.take() == lines{"submit b"});
}

TEST_CASE("a late answer counts while a submission waits to be sent again") {
  session_harness it{session_state::live};
  it.receive(send_to("a", "bob"));
  it.take();
  it.lost(it.tags.at(0));

  it.answered(it.tags.at(0), {sent("a")});

  CHECK(it.take() == lines{"sent a"});
  it.pass(5s);
  it.tick();
  CHECK(it.take().empty());
}

TEST_CASE("sending again ends with the deadline of the submission") {
  session_harness it{session_state::live};
  auto began = it.now;
  it.receive(send_to("a", "bob"));
  it.take();
  std::size_t attempts = 0;

  while (it.now < began + it.options.request_timeout) {
    it.refused(it.tags.back(), errc::not_leader);
    it.wait();
    auto said = it.take();
    if (said == lines{"submit a"})
      ++attempts;
    else
      CHECK(said == lines{"error not_leader id a in 100"});
  }

  CHECK(it.now == began + it.options.request_timeout);
  CHECK(attempts >= 8);
  CHECK(attempts <= 60);
  CHECK(it.it->in_flight() == 0);
}

TEST_CASE("a request is asked again") {
  session_harness it{session_state::live};
  it.receive({protocol::devices{70}, protocol::roster{71, with_bob()}});
  it.take();

  it.refused(it.tags.at(0), errc::not_leader);
  it.lost(it.tags.at(1));
  CHECK(it.take().empty());
  it.pass(150ms);
  it.tick();
  auto again = it.take();
  std::sort(again.begin(), again.end());
  CHECK(again == lines{"request devices", "request roster"});

  it.refused(it.tags.at(0), errc::not_found);
  CHECK(it.take() == lines{"error not_found n 70 in 100"});
  CHECK(it.it->take_request(it.tags.at(1)) == 71);
  CHECK(it.it->in_flight() == 0);
}

TEST_CASE("a request about a conversation waits behind its submissions") {
  session_harness it{session_state::live};
  it.receive(send_to("a", "bob"));
  it.refused(it.tags.at(0), errc::not_leader);
  it.take();

  it.receive({protocol::roster{71, with_bob()}, protocol::devices{72}});
  CHECK(it.take() == lines{"request devices"});
  it.wait();
  it.answered(it.tags.at(0), {sent("a")});

  CHECK(it.take() == lines{"submit a", "sent a", "request roster"});
}

TEST_CASE("a status is asked again of those who did not answer") {
  session_harness it{session_state::live};
  it.receive(protocol::status{9, {user("bob"), user("carol"), user("dave")}});
  auto tag = it.tags.at(0);
  it.take();

  it.it->status_answered(tag, {user("carol"), true, {1}});
  it.refused(tag, errc::unavailable);
  it.refused(tag, errc::unavailable); // Of another shard.
  it.it->status_answered(tag, {user("dave"), false, {2}});
  CHECK(it.take().empty());
  it.wait();
  CHECK(it.take() == lines{"status of bob"});
  it.it->status_answered(tag, {user("bob"), false, {3}});

  CHECK(it.take() == lines{"statuses 9 bob-3 carol+1 dave-2"});
}

TEST_CASE("a node that stops sends nothing again") {
  session_harness it{session_state::live};
  it.receive({send_to("a", "bob"), send_to("b", "carol")});
  it.refused(it.tags.at(0), errc::unavailable);
  it.take();

  it.it->drain("stop", 1000);
  CHECK(it.take()
        == lines{"error unavailable id a in 100", "goaway stop 1000"});
  it.refused(it.tags.at(1), errc::unavailable);

  CHECK(it.take() == lines{"error unavailable id b in 100", "close"});
}

TEST_CASE("only so much is sent again in a second") {
  session_harness it{session_state::live};
  auto most = outstanding::retries_per_second;
  std::size_t told = 0;
  for (std::uint32_t i = 0; i < most + 10; ++i) {
    it.receive(send_to("a", "user-" + std::to_string(i)));
    it.take();
    it.refused(it.tags.back(), errc::unavailable);
    told += it.take().size();
  }

  CHECK(told == 10);
}

TEST_CASE("a session is saturated by the bytes that it keeps") {
  session_harness it{session_state::live};
  auto large = std::get<protocol::send>(send_to("a", "bob"));
  large.body.resize(protocol::limits::body_bytes_max);
  for (int i = 0; i < 15; ++i)
    it.receive(large);
  CHECK_FALSE(it.it->saturated());

  it.receive(large);
  CHECK(it.it->saturated());
  it.answered(it.tags.at(0), {sent("a")});

  CHECK_FALSE(it.it->saturated());
}

TEST_CASE("what one read brings of a conversation fits into messages") {
  session_harness it{session_state::live};
  auto large = [](const char* id) {
    auto out = std::get<protocol::send>(send_to(id, "bob"));
    out.body.resize(protocol::limits::body_bytes_max);
    return out;
  };

  it.receive({large("a"), large("b"), large("c"), large("d"), large("e"),
              send_to("f", "bob")});

  CHECK(it.take() == lines{"submit a b c d", "submit e f"});
}

} // namespace session_retry_test
