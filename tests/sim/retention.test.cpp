#include "tests/sim/fixture.hpp"

#include <doctest/doctest.h>

using namespace iris;
using namespace iris::sim;
using namespace std::chrono_literals;

namespace {

actors::node_options a_day_only(world& in) {
  auto out = sim_options(in);
  out.user.retention = 24h;
  out.sweep_every = 1h;
  return out;
}

} // namespace

TEST_CASE("a device that stays away keeps no message beyond its retention") {
  caf_host caf;
  world here{7};
  sim_node node{here, caf.system, a_day_only(here), 2};
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
