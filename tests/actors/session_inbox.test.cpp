#include "tests/actors/session_harness.hpp"

namespace session_inbox_test {

using namespace iris;
using namespace iris::actors;
using namespace iris::actors::test;

TEST_CASE("nothing is pulled before the client asks") {
  for (auto state : {session_state::connected, session_state::negotiated,
                     session_state::attaching, session_state::authenticated,
                     session_state::draining, session_state::closed}) {
    session_harness it{state};
    CHECK(it.it->may_pull() == 0);
  }
}

TEST_CASE("at most a window of items is on its way") {
  session_harness it{session_state::authenticated};
  it.receive(protocol::sync{{3}, 4});

  CHECK(it.it->position() == inbox_offset{3});
  CHECK(it.it->may_pull() == 4);
  it.it->pushed({4}, 3, {10});
  CHECK(it.it->position() == inbox_offset{6});
  CHECK(it.it->may_pull() == 1);
  it.it->pushed({7}, 1, {10});
  CHECK(it.it->may_pull() == 0);
  it.receive(protocol::ack{{5}});
  CHECK(it.it->may_pull() == 2);
  it.receive(protocol::ack{{7}});
  CHECK(it.it->may_pull() == 4);

  CHECK(it.take() == lines{"acknowledge 5", "acknowledge 7"});
}

TEST_CASE("a client is live once it was sent what there was at its sync") {
  session_harness it{session_state::authenticated};
  it.receive(protocol::sync{{3}, 100});

  // Two came since it was ready, and more while it reads.
  CHECK(it.it->wants_head());
  it.it->pushed({4}, 7, {12});
  CHECK_FALSE(it.it->wants_head());
  CHECK(it.take().empty());
  it.it->pushed({11}, 1, {15});
  CHECK(it.take().empty());
  it.it->pushed({12}, 2, {15});

  CHECK(it.take() == lines{"live 12"});
  it.it->pushed({14}, 2, {15});
  CHECK(it.take().empty());
}

TEST_CASE("a client that has everything is live after one look") {
  session_harness it{session_state::authenticated};

  it.receive(protocol::sync{{10}, 4});
  CHECK(it.take() == lines{"acknowledge 10"});
  it.it->pushed({11}, 0, {10});

  CHECK(it.take() == lines{"live 10"});
  CHECK(it.it->state() == session_state::live);
  CHECK(it.it->may_pull() == 4);
}

TEST_CASE("a client that asks for what was removed gets what remains") {
  session_harness it{session_state::authenticated};

  it.receive(protocol::sync{{0}, 4});

  CHECK(it.it->position() == it.floor);
  CHECK(it.it->may_pull() == 4);
}

TEST_CASE("a client is live after one look when all was removed") {
  session_harness it{session_state::attaching};
  it.it->attached({}, {10}, {10}, {10});
  it.take();

  it.receive(protocol::sync{{0}, 4});
  it.it->pushed({11}, 0, {10});

  CHECK(it.take() == lines{"live 10"});
  CHECK(it.it->position() == inbox_offset{10});
}

TEST_CASE("a page without items says how far the inbox was removed") {
  session_harness it{session_state::authenticated};
  it.receive(protocol::sync{{3}, 4});

  it.it->pushed({11}, 0, {10});

  CHECK(it.take() == lines{"live 10"});
  CHECK(it.it->position() == inbox_offset{10});
}

TEST_CASE("a client can't have more than there is") {
  session_harness it{session_state::authenticated};

  it.receive(protocol::sync{{11}, 4});

  CHECK(it.take() == lines{"error bad_field fatal", "close"});
}

TEST_CASE("a client can have what was pushed since it was ready") {
  session_harness it{session_state::live};
  it.receive(protocol::ack{{10}});
  it.it->pushed({11}, 2, {12});
  it.take();

  it.receive(protocol::sync{{12}, 4});
  it.it->pushed({13}, 0, {12});

  CHECK(it.take() == lines{"acknowledge 12", "live 12"});
}

TEST_CASE("a second sync starts again, with its own window") {
  session_harness it{session_state::live};

  it.receive(protocol::sync{{5}, 2});
  CHECK(it.it->state() == session_state::syncing);
  CHECK(it.it->position() == inbox_offset{5});
  CHECK(it.it->may_pull() == 2);
  it.it->pushed({6}, 2, {10});
  CHECK(it.it->may_pull() == 0);
  it.receive(protocol::ack{{7}});
  it.it->pushed({8}, 3, {10});

  CHECK(it.take() == lines{"acknowledge 5", "acknowledge 7", "live 10"});
}

TEST_CASE("a second sync takes back nothing that was sent before it") {
  session_harness it{session_state::live};

  // The acknowledgement of what crossed with it.
  it.receive({protocol::sync{{5}, 2}, protocol::ack{{10}}});
  CHECK(it.it->position() == inbox_offset{5});
  CHECK(it.it->may_pull() == 2);
  it.it->pushed({6}, 5, {10});

  // It has these; two more may be on their way.
  CHECK(it.take() == lines{"acknowledge 5", "acknowledge 10", "live 10"});
  CHECK(it.it->may_pull() == 2);
  it.it->pushed({11}, 2, {12});
  CHECK(it.it->may_pull() == 0);
}

TEST_CASE("what a client has at its sync counts as acknowledged") {
  session_harness it{session_state::authenticated};

  it.receive(protocol::sync{{5}, 4});
  CHECK(it.take() == lines{"acknowledge 5"});

  // The cursor never goes back, wherever the client starts again.
  it.receive(protocol::sync{{2}, 4});
  it.it->pushed({3}, 2, {10});
  it.receive(protocol::ack{{4}});
  CHECK(it.take().empty());
  CHECK(it.it->may_pull() == 4);
  it.it->pushed({5}, 2, {10});
  it.receive(protocol::ack{{6}});
  CHECK(it.take() == lines{"acknowledge 6"});
}

TEST_CASE("a client that starts at its cursor acknowledges nothing") {
  session_harness it{session_state::authenticated};

  it.receive(protocol::sync{{3}, 4});
  it.receive(protocol::sync{{0}, 4});

  CHECK(it.take().empty());
}

TEST_CASE("nobody can acknowledge what was not sent") {
  session_harness it{session_state::authenticated};
  it.receive(protocol::sync{{3}, 4});
  it.it->pushed({4}, 2, {10});

  it.receive(protocol::ack{{5}});
  CHECK(it.take() == lines{"acknowledge 5"});
  it.receive(protocol::ack{{6}});

  CHECK(it.take() == lines{"error bad_field fatal", "close"});
}

TEST_CASE("an acknowledgement that says nothing new is dropped") {
  session_harness it{session_state::live};
  it.receive({protocol::ack{{9}}, protocol::ack{{9}}, protocol::ack{{4}}});

  CHECK(it.take() == lines{"acknowledge 9"});
}

TEST_CASE("acknowledgements are taken while the node stops") {
  session_harness it{session_state::live};
  it.receive(protocol::devices{1});
  it.it->drain("stop", 1000);
  it.take();

  it.receive(protocol::ack{{10}});

  CHECK(it.take() == lines{"acknowledge 10"});
}

} // namespace session_inbox_test
