#include "tests/client/stage.hpp"

#include <doctest/doctest.h>

namespace reading_test {

using namespace iris;
using namespace iris::client;
using namespace std::chrono_literals;

namespace {

/// Takes all events: the offsets of messages, and that nothing else came.
std::vector<std::uint64_t> offsets(stage& at) {
  std::vector<std::uint64_t> out;
  while (!at.events.empty()) {
    auto x = at.event<message>();
    CHECK(x.item.body == std::to_string(x.offset.value));
    out.push_back(x.offset.value);
  }
  return out;
}

using list = std::vector<std::uint64_t>;

struct open_stage : stage {
  explicit open_stage(std::uint64_t head, options with = one_endpoint())
    : stage(std::move(with)) {
    open(head);
    frames.clear();
    events.clear();
  }
};

options manual() {
  auto out = stage::one_endpoint();
  out.auto_ack = false;
  return out;
}

} // namespace

TEST_CASE("items are delivered in order, once, and acknowledged together") {
  open_stage at{5};

  at.node(stage::page(1, 2));
  at.node(stage::page(3, 5));
  CHECK(offsets(at) == list{1, 2, 3, 4, 5});
  CHECK(at.silent());
  at.core.flush(at.now);

  CHECK(at.take<protocol::ack>().offset == inbox_offset{5});
  CHECK(at.silent());
  at.core.flush(at.now);
  CHECK(at.silent());
}

TEST_CASE("the end of the catch-up is reported") {
  open_stage at{2};

  at.node(stage::page(1, 2));
  at.node(protocol::live{{2}});

  at.event<message>();
  at.event<message>();
  CHECK(at.event<protocol::live>().head == inbox_offset{2});
}

TEST_CASE("items that are there already are dropped") {
  open_stage at{9};
  at.node(stage::page(1, 4));
  CHECK(offsets(at) == list{1, 2, 3, 4});

  at.node(stage::page(2, 3));
  CHECK(offsets(at).empty());
  at.node(stage::page(3, 6));
  CHECK(offsets(at) == list{5, 6});
}

TEST_CASE("reading goes on where it was after a reconnect") {
  open_stage at{9};
  at.node(stage::page(1, 4));
  CHECK(offsets(at) == list{1, 2, 3, 4});
  at.cut();
  at.await_dial();
  at.frames.clear();

  at.open(9);

  CHECK(at.take<protocol::hello>().min == 1);
  at.take<protocol::auth>();
  CHECK(at.take<protocol::sync>().from == inbox_offset{4});
  // The sync has said what an ack would.
  CHECK(at.silent());
}

TEST_CASE("the position is that of the item being handled") {
  open_stage at{9};
  list seen;
  at.on_event = [&](const event& x) {
    if (const auto* item = std::get_if<message>(&x)) {
      CHECK(at.core.position() == item->offset);
      seen.push_back(item->offset.value);
    }
  };

  at.node(stage::page(1, 3));

  CHECK(seen == list{1, 2, 3});
}

TEST_CASE("stopping while a page is handled keeps the rest for later") {
  open_stage at{9};
  at.on_event = [&](const event& x) {
    if (std::holds_alternative<message>(x) && at.core.position().value == 2)
      at.core.stop();
  };

  at.node(stage::page(1, 4));
  CHECK(offsets(at) == list{1, 2});
  CHECK(at.core.position() == inbox_offset{2});
  at.on_event = {};
  at.core.start(at.now, {1});
  at.open(9);
  at.events.clear();
  at.node(stage::page(3, 4));

  CHECK(offsets(at) == list{3, 4});
}

TEST_CASE("a position can be given") {
  auto with = stage::one_endpoint();
  with.position = inbox_offset{6};
  stage at{with};

  at.open(9);

  at.take<protocol::hello>();
  at.take<protocol::auth>();
  CHECK(at.take<protocol::sync>().from == inbox_offset{6});
}

TEST_CASE("the node's cursor can be the position") {
  auto with = stage::one_endpoint();
  with.position.reset();
  stage at{with};
  at.greet();
  at.frames.clear();
  at.node(
    protocol::ready{user("alice"), *device_id::parse("phone"), {5}, {2}, {9}});

  CHECK(at.take<protocol::sync>().from == inbox_offset{5});
  CHECK(at.silent());
  at.events.clear();
  at.node(stage::page(6, 6));
  CHECK(offsets(at) == list{6});
}

TEST_CASE("who begins before the node's cursor acknowledges all the same") {
  auto with = stage::one_endpoint();
  with.position = inbox_offset{1};
  stage at{with};
  at.greet();
  at.node(
    protocol::ready{user("alice"), *device_id::parse("phone"), {5}, {}, {9}});
  at.frames.clear();
  at.events.clear();

  // Otherwise the node's window would stay full for ever.
  at.node(stage::page(2, 4));
  CHECK(offsets(at) == list{2, 3, 4});
  at.core.flush(at.now);

  CHECK(at.take<protocol::ack>().offset == inbox_offset{4});
}

TEST_CASE("what the node no longer keeps is skipped, and said") {
  stage at;
  at.greet();
  at.frames.clear();
  at.node(
    protocol::ready{user("alice"), *device_id::parse("phone"), {}, {4}, {9}});

  CHECK(at.take<protocol::sync>().from == inbox_offset{4});
  at.event<connected>();
  CHECK(at.event<skipped>() == skipped{{1}, {4}});
  at.node(stage::page(5, 5));
  CHECK(offsets(at) == list{5});
}

TEST_CASE("an inbox that ends before our position is a broken protocol") {
  auto with = stage::one_endpoint();
  with.position = inbox_offset{6};
  stage at{with};

  at.open(5);

  CHECK(at.event<protocol_error>().what.code == errc::bad_field);
  CHECK(at.event<disconnected>().reason.code == errc::bad_field);
}

TEST_CASE("a user who acknowledges himself decides what is acknowledged") {
  open_stage at{9, manual()};
  at.node(stage::page(1, 4));
  at.core.flush(at.now);
  CHECK(at.silent());

  REQUIRE(at.core.ack({3}));
  at.core.flush(at.now);
  CHECK(at.take<protocol::ack>().offset == inbox_offset{3});
  REQUIRE(at.core.ack({2}));
  at.core.flush(at.now);

  CHECK(at.silent());
  CHECK(at.core.ack({5}).failure().code == errc::bad_field);
}

TEST_CASE("an acknowledgement without a connection is told to the next") {
  open_stage at{9, manual()};
  at.node(stage::page(1, 4));
  at.cut();
  REQUIRE(at.core.ack({3}));
  at.core.flush(at.now);
  CHECK(at.silent());
  at.await_dial();

  at.frames.clear();
  at.open(9);

  at.take<protocol::hello>();
  at.take<protocol::auth>();
  CHECK(at.take<protocol::sync>().from == inbox_offset{3});
  CHECK(at.silent());
}

TEST_CASE("what a user has not acknowledged is asked for again") {
  open_stage at{9, manual()};
  at.node(stage::page(1, 5));
  REQUIRE(at.core.ack({2}));
  at.cut();
  at.await_dial();
  at.frames.clear();
  at.events.clear();

  at.open(9);

  at.take<protocol::hello>();
  at.take<protocol::auth>();
  CHECK(at.take<protocol::sync>().from == inbox_offset{2});
  at.events.clear();
  at.node(stage::page(3, 6));
  CHECK(offsets(at) == list{6});
}

TEST_CASE("a message may be answered while it is handled") {
  open_stage at{1};
  at.on_event = [&](const event& x) {
    if (std::holds_alternative<message>(x))
      at.send("re");
  };

  at.node(stage::page(1, 1));

  CHECK(at.sends() == "re");
}

} // namespace reading_test
