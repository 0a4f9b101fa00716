// Clients of one node, whose conversations and inboxes another node keeps.
#include "tests/sim/two_nodes.hpp"

namespace gateway_test {

using namespace iris;
using namespace iris::actors;
using namespace iris::actors::test;
using namespace iris::sim;
using namespace std::chrono_literals;
using lines = std::vector<std::string>;

TEST_CASE("a client is served by another node as by its own") {
  two_nodes a;
  auto [carol, dan] = a.friends();
  auto talk = direct_conversation(carol, dan);
  auto it = a.log_in(carol);
  REQUIRE(it.screen->all<protocol::live>().size() == 1);
  auto first = a.message(dan, "first"), second = a.message(dan, "second");

  a.send(it, {first, second});
  a.here.run(enough);
  a.send(it, {protocol::ack{{2}}, protocol::history{7, talk, {1}, 10},
              protocol::roster{8, talk}, protocol::status{9, {carol, dan}},
              protocol::conversations{10}, protocol::devices{11}});
  a.here.run(enough);

  auto sent = it.screen->all<protocol::sent>();
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].id == first.id);
  CHECK(sent[0].seq == sequence{1});
  CHECK(sent[1].id == second.id);
  CHECK(sent[1].seq == sequence{2});
  CHECK(it.screen->items() == lines{"1 first", "2 second"});
  auto page = it.screen->all<protocol::history_page>();
  REQUIRE(page.size() == 1);
  CHECK(page[0].n == 7);
  REQUIRE(page[0].list.size() == 2);
  CHECK(page[0].list[1].body == "second");
  auto roster = it.screen->all<protocol::members>();
  REQUIRE(roster.size() == 1);
  CHECK(roster[0].n == 8);
  CHECK(roster[0].list.size() == 2);
  auto statuses = it.screen->all<protocol::statuses>();
  REQUIRE(statuses.size() == 1);
  CHECK(statuses[0].n == 9);
  REQUIRE(statuses[0].users.size() == 2);
  CHECK(statuses[0].users[0].user == carol);
  CHECK(statuses[0].users[0].online);
  CHECK_FALSE(statuses[0].users[1].online);
  auto conversations = it.screen->all<protocol::conversation_list>();
  REQUIRE(conversations.size() == 1);
  REQUIRE(conversations[0].list.size() == 1);
  CHECK(conversations[0].list[0].conversation == talk);
  auto devices = it.screen->all<protocol::device_list>();
  REQUIRE(devices.size() == 1);
  REQUIRE(devices[0].list.size() == 1);
  CHECK(devices[0].list[0].name == a.laptop);
  CHECK(devices[0].list[0].cursor == inbox_offset{2});
  CHECK(devices[0].list[0].online);
  CHECK(a.edge_metrics.node_frames_refused.value() == 0);
  CHECK(a.metrics.node_frames_refused.value() == 0);
}

TEST_CASE("a device that leaves another node is offline where its inbox is") {
  two_nodes a;
  auto carol = a.friends().first;
  auto it = a.log_in(carol);
  CHECK(a.online(carol));

  caf::anon_send(it.actor, disconnected{});
  a.here.run(enough);

  CHECK_FALSE(a.online(carol));
}

TEST_CASE("a device that leaves while the link is full is offline later") {
  two_nodes a;
  auto carol = a.friends().first;
  auto it = a.log_in(carol);
  a.to_leader.set_full(true);

  caf::anon_send(it.actor, disconnected{});
  a.here.run(enough);
  CHECK(a.online(carol));
  a.to_leader.set_full(false);
  a.here.run(enough);

  CHECK_FALSE(a.online(carol));
}

TEST_CASE("a client notices nothing of a link that breaks but a pause") {
  two_nodes a;
  auto [carol, dan] = a.friends();
  auto it = a.log_in(carol);
  a.send(it, {a.message(dan, "one"), a.message(dan, "two")});
  a.here.run(enough);
  CHECK(it.screen->items() == lines{"1 one", "2 two"});

  a.set_link(false);
  a.here.run(enough);
  CHECK_FALSE(a.online(carol));
  // What is acknowledged and sent meanwhile arrives later.
  auto three = a.message(dan, "three"), four = a.message(dan, "four");
  a.send(it, {protocol::ack{{2}}, three});
  a.here.run(1s);
  a.send(it, {four});
  a.here.run(1s);
  CHECK(it.screen->all<protocol::sent>().size() == 2);
  CHECK(it.screen->all<protocol::failed>().empty());
  a.set_link(true);
  a.here.run(5s);

  CHECK_FALSE(it.screen->closed);
  CHECK(it.screen->all<protocol::failed>().empty());
  auto sent = it.screen->all<protocol::sent>();
  REQUIRE(sent.size() == 4);
  CHECK(sent[2].id == three.id);
  CHECK(sent[2].seq == sequence{3});
  CHECK(sent[3].id == four.id);
  CHECK(sent[3].seq == sequence{4});
  CHECK(it.screen->items() == lines{"1 one", "2 two", "3 three", "4 four"});
  CHECK(a.online(carol));
  CHECK(a.cursor(carol) == inbox_offset{2});
}

TEST_CASE("what is on its way when the link breaks happens once, in order") {
  two_nodes a;
  auto [carol, dan] = a.friends();
  auto it = a.log_in(carol);
  a.log_thread.stall(1s);
  auto one = a.message(dan, "one"), two = a.message(dan, "two");

  a.send(it, {one});
  a.here.run(moment);
  a.send(it, {two});
  a.here.run(moment);
  a.set_link(false);
  a.here.run(enough);
  a.set_link(true);
  a.here.run(5s);

  auto sent = it.screen->all<protocol::sent>();
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].id == one.id);
  CHECK(sent[0].seq == sequence{1});
  CHECK(sent[0].duplicate);
  CHECK(sent[1].id == two.id);
  CHECK(sent[1].seq == sequence{2});
  CHECK(it.screen->all<protocol::failed>().empty());
  CHECK(it.screen->items() == lines{"1 one", "2 two"});
}

TEST_CASE("mail that finds the link full is read again") {
  two_nodes a;
  auto [carol, dan] = a.friends();
  auto it = a.log_in(carol);
  a.to_edge.set_full(true);

  a.send(it, {a.message(dan, "one")});
  a.here.run(enough);
  CHECK(it.screen->items().empty());
  a.to_edge.set_full(false);
  a.here.run(5s);

  CHECK(it.screen->items() == lines{"1 one"});
  auto sent = it.screen->all<protocol::sent>();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].duplicate); // Its first answer was lost.
  CHECK(it.screen->all<protocol::failed>().empty());
}

TEST_CASE("a user's actor that fails costs its devices a pause") {
  two_nodes a;
  auto [carol, dan] = a.friends();
  auto it = a.log_in(carol);

  a.restart_host();
  a.leader.serve({0}, a.host);
  a.await_leader();
  a.here.run(5s);
  a.send(it, {a.message(dan, "one")});
  a.here.run(enough);

  CHECK_FALSE(it.screen->closed);
  CHECK(it.screen->items() == lines{"1 one"});
  CHECK(a.online(carol));
}

TEST_CASE("a client whose inbox nobody keeps is told in time") {
  two_nodes a;
  auto [carol, dan] = a.friends();
  auto it = a.log_in(carol);
  a.set_link(false);
  auto id = a.message(dan, "one");

  a.send(it, {id});
  a.here.run(11s);
  auto failed = it.screen->all<protocol::failed>();
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].id == id.id);
  CHECK(retryable(failed[0].code));
  CHECK_FALSE(failed[0].fatal);
  a.here.run(18s);
  CHECK_FALSE(it.screen->closed);
  a.here.run(2s);

  CHECK(it.screen->closed);
  failed = it.screen->all<protocol::failed>();
  REQUIRE(failed.size() == 2);
  CHECK(failed[1].code == errc::unavailable);
  CHECK(failed[1].fatal);
  CHECK(failed[1].retry_after_ms == 1000);
}

TEST_CASE("what a leader lost when it was deposed is asked for again") {
  two_nodes a;
  auto [carol, dan] = a.friends();
  auto it = a.log_in(carol);
  auto one = a.message(dan, "one"), two = a.message(dan, "two");
  a.log_thread.stall(1s);

  // Nobody tells node 1 of another leader: there is none that it asked before.
  a.send(it, {one, two});
  a.here.run(500ms);
  a.tell(shard_follows{});
  a.tell(shard_leads{});
  a.here.run(4s);

  auto sent = it.screen->all<protocol::sent>();
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].id == one.id);
  CHECK(sent[0].seq == sequence{1});
  CHECK(sent[1].id == two.id);
  CHECK(sent[1].seq == sequence{2});
  CHECK(it.screen->items() == lines{"1 one", "2 two"});
}

TEST_CASE("a login waits for a leader") {
  two_nodes a;
  auto carol = a.friends().first;
  a.set_link(false);
  auto it = a.connect();
  a.send(it, {protocol::hello{}});
  a.here.run(enough);

  a.send(it, {protocol::auth{carol.str(), a.laptop}});
  a.here.run(enough);
  CHECK(it.screen->all<protocol::ready>().empty());
  CHECK(it.screen->all<protocol::failed>().empty());
  a.set_link(true);
  a.here.run(enough);

  CHECK(it.screen->all<protocol::ready>().size() == 1);
}

TEST_CASE("connections that come and go leave nothing behind") {
  two_nodes a;
  auto [carol, dan] = a.friends();
  std::vector<submitted> heard;
  for (int i = 0; i < 20; ++i) {
    auto it = a.log_in(carol);
    a.send(it, {a.message(dan, "hello")});
    a.here.run(enough);
    caf::anon_send(it.actor, disconnected{});
    a.here.run(enough);
  }
  CHECK(a.edge.under_way().size() > 0);
  CHECK(a.leader.guests().size() > 0);

  a.clients.clear();
  a.here.run(3min);

  CHECK(a.edge.under_way().size() == 0);
  CHECK(a.leader.guests().size() == 0);
}

TEST_CASE("an inbox that is open keeps its stand-in, however quiet it is") {
  two_nodes a;
  auto [carol, dan] = a.friends();
  a.options->session.idle_timeout = 1h;
  auto it = a.log_in(carol);
  a.here.run(10min);
  CHECK(a.leader.guests().size() == 1);

  a.send(it, {a.message(dan, "one")});
  a.here.run(enough);

  CHECK(it.screen->items() == lines{"1 one"});
}

TEST_CASE("what an earlier process asked for is answered to nobody") {
  two_nodes a;
  auto [carol, dan] = a.friends();
  auto it = a.log_in(carol);
  auto number = it.actor->id();
  auto before = it.screen->frames.size();
  std::string frame = encode(
    answer_frame{{10, number}, cut_off{{errc::replaced, "not for you"}}});

  a.edge.on_frame({2}, cluster::lane::commands, frame);
  a.here.run(enough);
  CHECK(it.screen->frames.size() == before);
  frame =
    encode(answer_frame{{11, number}, cut_off{{errc::replaced, "for you"}}});
  a.edge.on_frame({2}, cluster::lane::commands, frame);
  a.here.run(enough);

  CHECK(it.screen->closed);
}

TEST_CASE("a frame that makes no sense is dropped and counted") {
  two_nodes a;
  auto [carol, dan] = a.friends();
  auto it = a.log_in(carol);

  a.leader.on_frame({1}, cluster::lane::commands, "nonsense");
  a.leader.on_frame({1}, cluster::lane::commands, "");
  a.leader.on_frame({1}, cluster::lane::consensus, "not ours");
  a.here.run(enough);

  CHECK(a.metrics.node_frames_refused.value() == 2);
  a.send(it, {a.message(dan, "one")});
  a.here.run(enough);
  CHECK(it.screen->items() == lines{"1 one"});
}

TEST_CASE("a shard that a node does not have is refused") {
  two_nodes a;
  auto [carol, dan] = a.friends();
  auto it = a.log_in(carol);
  a.leader.serve({0}, {});

  a.send(it, {a.message(dan, "one")});
  a.here.run(1s);
  CHECK(it.screen->all<protocol::sent>().empty());
  a.leader.serve({0}, a.host);
  a.here.run(5s);

  CHECK(it.screen->all<protocol::sent>().size() == 1);
  CHECK(it.screen->all<protocol::failed>().empty());
}

TEST_CASE("a page that another leader sent before shows nothing twice") {
  two_nodes a;
  auto [carol, dan] = a.friends();
  auto it = a.log_in(carol);
  a.send(it, {a.message(dan, "one")});
  a.here.run(enough);
  auto old = a.fan_out_of(direct_conversation(carol, dan), 1, "one", carol);

  caf::anon_send(it.actor, inbox_page{1, {1}, old.items, {1}});
  a.here.run(enough);
  a.send(it, {a.message(dan, "two")});
  a.here.run(enough);

  CHECK(it.screen->items() == lines{"1 one", "2 two"});
}

TEST_CASE("what nobody is known to lead is asked for again") {
  two_nodes a;
  auto [carol, dan] = a.friends();
  auto it = a.log_in(carol);
  a.route(false);
  auto one = a.message(dan, "one");

  a.send(it, {one});
  a.here.run(2s);
  CHECK(it.screen->all<protocol::sent>().empty());
  a.route(true);
  a.here.run(2s);

  auto sent = it.screen->all<protocol::sent>();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].id == one.id);
  CHECK_FALSE(sent[0].duplicate);
}

TEST_CASE("a leader that is given up keeps nobody waiting") {
  two_nodes a;
  auto [carol, dan] = a.friends();
  auto it = a.log_in(carol);
  // It hangs: the link holds, and nothing comes.
  a.home.stall(3s);
  a.send(it, {a.message(dan, "one"), protocol::devices{7}});
  a.here.run(1ms);
  CHECK(a.edge.under_way().size() == 1);

  auto before = a.to_leader.sent;
  a.edge.left({2}, {1}); // Of another shard.
  a.here.run(1s);
  CHECK(a.to_leader.sent == before);
  a.edge.left({2}, {0});
  a.here.run(10s);

  auto sent = it.screen->all<protocol::sent>();
  REQUIRE(sent.size() == 1);
  CHECK(it.screen->all<protocol::device_list>().size() == 1);
  CHECK(it.screen->items() == lines{"1 one"});
  CHECK(it.screen->all<protocol::failed>().empty());
}

} // namespace gateway_test
