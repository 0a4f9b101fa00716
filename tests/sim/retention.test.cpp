#include "tests/sim/lone_host.hpp"

namespace retention_test {

using namespace iris;
using namespace iris::actors;
using namespace iris::actors::test;
using namespace iris::sim;
using namespace std::chrono_literals;
using lines = std::vector<std::string>;

namespace {

actors::node_options a_day_only(world& in) {
  auto out = sim_options(in);
  out.user.retention = 24h;
  out.sweep_every = 1h;
  return out;
}

} // namespace

TEST_CASE("a longer window does not make new what a shorter one forgot") {
  lone_host<fan_out> a;
  a.env.conversation.idempotency_window = 1h;
  auto message = a.new_submission(10);
  a.submit_one(message);
  a.here.run(enough);
  REQUIRE(a.answers.size() == 1);
  a.tell(fanned_out{a.conversation, {1}, {1}});

  // A sweep takes clocks into account that are an hour behind.
  a.here.run(2h + 1s);
  a.tell(awaken{{ref_of(a.conversation)}, {}});
  a.here.run(enough);
  a.env.conversation.idempotency_window = 24h;
  a.restart_host();
  a.await_leader();
  a.submit_one(message);
  a.here.run(enough);

  REQUIRE(a.answers.size() == 2);
  const auto* why = std::get_if<protocol::failed>(&a.answers[1].answers.at(0));
  REQUIRE(why);
  CHECK(why->code == errc::id_too_old);
  CHECK(
    (a.bodies(ref_of(a.conversation), record::log, 1) == lines{"1........."}));
}

TEST_CASE("a device that stays away keeps no message beyond its retention") {
  caf_host caf;
  world here{7};
  sim_node node{here, caf.system, a_day_only(here)};
  REQUIRE(node.start());
  // Clients outlive what their links still have to tell them.
  raw_client alice{here, node}, bob{here, node};
  auto send = [&](std::string body) {
    alice.log_in("alice", "phone", {});
    alice.send(protocol::send{make_message_id(here.wall_now(), here.random()),
                              user("bob"),
                              {},
                              std::move(body),
                              {},
                              {}});
    auto out = alice.take<protocol::sent>();
    alice.disconnect();
    return out;
  };
  bob.log_in("bob", "phone");
  bob.disconnect();
  send("old");
  here.run(23h);
  send("new");

  // Bob never acknowledged either of them.
  here.run(3h);

  bob.connect();
  bob.send(protocol::hello{});
  bob.take<protocol::welcome>();
  bob.send(protocol::auth{"token of bob", *device_id::parse("phone")});
  auto ready = bob.take<protocol::ready>();
  CHECK(ready.floor == inbox_offset{1});
  CHECK(ready.head == inbox_offset{2});
  bob.send(protocol::sync{{}, 100});
  auto page = bob.take<protocol::items>();
  CHECK(page.first == inbox_offset{2});
  REQUIRE(page.list.size() == 1);
  CHECK(page.list[0].body == "new");
  CHECK(page.list[0].seq == sequence{2});
  auto problems = 0;
  REQUIRE(node.verify([&](const std::string& x) {
    MESSAGE(x);
    ++problems;
  }));
  CHECK(problems == 0);
}

} // namespace retention_test
