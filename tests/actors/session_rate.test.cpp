#include "tests/actors/session_harness.hpp"

#include <rapidcheck.h>

namespace session_rate_test {

using namespace iris;
using namespace iris::actors;
using namespace iris::actors::test;
using namespace std::chrono_literals;

namespace {

session_options at_most(std::uint32_t sends) {
  session_options out;
  out.sends_per_second = sends;
  return out;
}

} // namespace

TEST_CASE("a client that sends too much is told when to go on") {
  session_harness it{session_state::live, at_most(4)};

  it.receive({send_to("a", "bob"), send_to("b", "bob"), send_to("c", "bob")});
  CHECK(it.take() == lines{"submit a b c"});
  it.receive({send_to("d", "bob"), send_to("e", "bob"), send_to("f", "bob")});
  CHECK(it.take()
        == lines{"error rate_limited id e in 250",
                 "error rate_limited id f in 250", "submit d"});

  // Exact: not a nanosecond before.
  it.pass(250ms - 1ns);
  it.receive(send_to("e", "bob"));
  CHECK(it.take() == lines{"error rate_limited id e in 1"});
  it.pass(1ns);
  it.receive({send_to("e", "bob"), send_to("f", "bob")});
  CHECK(it.take() == lines{"error rate_limited id f in 250", "submit e"});
}

TEST_CASE("a quiet client saves up one second's worth and no more") {
  session_harness it{session_state::live, at_most(2)};
  it.pass(30s);

  it.receive({send_to("a", "bob"), send_to("b", "bob"), send_to("c", "bob")});

  CHECK(it.take() == lines{"error rate_limited id c in 500", "submit a b"});
}

TEST_CASE("each send of a batch and each change of a group counts") {
  session_harness it{session_state::live, at_most(2)};
  protocol::batch both;
  both.sends = {std::get<protocol::send>(send_to("a", "bob")),
                std::get<protocol::send>(send_to("b", "bob"))};

  it.receive(both);
  it.receive(protocol::group_leave{session_harness::id("c"), {}});
  it.receive(protocol::devices{1});

  CHECK(it.take()
        == lines{"submit a b", "error rate_limited id c in 500",
                 "request devices"});
}

TEST_CASE("without a limit a client may send as it likes") {
  session_harness it{session_state::live};
  std::vector<protocol::client_frame> many(500, send_to("a", "bob"));

  it.receive(many);

  REQUIRE(it.take().size() == 1);
  CHECK(it.it->in_flight() == 500);
}

TEST_CASE("a refused send takes no room among the unanswered") {
  session_harness it{session_state::live, at_most(1)};

  it.receive({send_to("a", "bob"), send_to("b", "bob")});

  CHECK(it.it->in_flight() == 1);
}

TEST_CASE("no second lets through more than twice a second's worth") {
  CHECK(rc::check([] {
    auto rate = *rc::gen::inRange<std::uint32_t>(1, 50);
    auto gaps =
      *rc::gen::container<std::vector<int>>(100, rc::gen::inRange(0, 200));
    session_harness it{session_state::live, at_most(rate)};
    std::vector<std::chrono::nanoseconds> passed;
    for (auto gap : gaps) {
      it.pass(std::chrono::milliseconds{gap});
      it.receive(send_to("a", "bob"));
      if (it.take() == lines{"submit a"})
        passed.push_back(it.now);
    }
    for (std::size_t i = 0; i + 2 * rate < passed.size(); ++i)
      RC_ASSERT(passed[i + 2 * rate] - passed[i] >= 1s);
  }));
}

} // namespace session_rate_test
