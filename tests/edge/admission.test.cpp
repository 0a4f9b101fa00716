#include "tests/edge/stage.hpp"

namespace admission_test {

using namespace iris;
using namespace iris::edge::test;

namespace {

/// A client that has sent its token; nobody answers with `ready` here.
std::unique_ptr<tcp_pair> log_in(stage& at, const char* user,
                                 const char* device) {
  auto out = std::make_unique<tcp_pair>(at);
  out->serve();
  out->client->send(framed(protocol::hello{})
                    + framed(protocol::auth{user, *device_id::parse(device)})
                    + framed(protocol::ping{1}));
  at.until([&] { return out->client->got.size() > 90 || out->client->ended; },
           "an answer");
  return out;
}

const lines let_in{"welcome", "pong 1"};

} // namespace

TEST_CASE("a user has a limited number of connections") {
  stage at{2};
  auto phone = log_in(at, "alice", "phone");
  auto laptop = log_in(at, "alice", "laptop");
  CHECK(phone->take() == let_in);
  CHECK(laptop->take() == let_in);

  auto third = log_in(at, "alice", "tablet");
  at.until([&] { return third->client->ended; }, "the end");
  CHECK(third->take()
        == lines{"welcome", "pong 1", "error too_many_connections fatal"});
  CHECK(at.metrics.connections_refused.with("too_many_connections").value()
        == 1);
  CHECK(log_in(at, "bob", "phone")->take() == let_in);

  laptop->client->finish();
  at.until([&] { return laptop->closed == 1; }, "the node's end");
  CHECK(log_in(at, "alice", "tablet")->take() == let_in);
}

TEST_CASE("a device that connects again is let in though nobody has left") {
  stage at{1};
  auto lost = log_in(at, "alice", "phone");

  auto again = log_in(at, "alice", "phone");
  CHECK(again->take() == let_in);

  // Both count as one until both are gone.
  lost->client->finish();
  at.until([&] { return lost->closed == 1; }, "the node's end");
  auto other = log_in(at, "alice", "laptop");
  at.until([&] { return other->client->ended; }, "the end");
  CHECK(other->take().back() == "error too_many_connections fatal");
}

TEST_CASE("who is refused before it is ready is counted by error") {
  stage at;
  tcp_pair early{at}, odd{at};
  early.serve();
  odd.serve();

  early.client->send(framed(protocol::devices{1}));
  odd.client->send(framed(protocol::hello{9, 9, {}, ""}));
  at.until([&] { return early.client->ended && odd.client->ended; },
           "both ends");

  auto& refused = at.metrics.connections_refused;
  CHECK(refused.with("illegal_state").value() == 1);
  CHECK(refused.with("version_unsupported").value() == 1);
}

} // namespace admission_test
