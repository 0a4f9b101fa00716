#include "persistence/keys.hpp"
#include "tests/sim/cluster.hpp"

#include <doctest/doctest.h>

namespace stale_reads_test {

using namespace iris;
using namespace iris::sim;
using namespace std::chrono_literals;

namespace {

/// Three nodes, each with a client of alice's.
struct three_nodes : sim_cluster {
  three_nodes() : sim_cluster(1, 3, profile::calm()) {
    here.run(5s);
    for (auto& x : nodes) {
      clients.push_back(std::make_unique<raw_client>(here, *x));
      clients.back()->connect();
      clients.back()->log_in("alice", "at" + std::to_string(x->id().value), {});
    }
  }

  /// Where the node is that leads the conversation with bob.
  std::size_t leader() {
    auto shards = sim_options(here).self.shards;
    auto home = persistence::shard_of(actors::ref_of(with_bob), shards);
    auto name = std::to_string(home.value);
    auto out = nodes.size();
    for (std::size_t i = 0; i < nodes.size(); ++i)
      nodes[i]->metrics().shard_leader.each(
        [&](std::string_view which, const auto& leads) {
          if (which == name && leads.value() == 1)
            out = i;
        });
    REQUIRE(out < nodes.size());
    return out;
  }

  protocol::sent say(std::size_t at, const std::string& body) {
    protocol::send out;
    out.id = make_message_id(here.wall_now(), here.random());
    out.to = user("bob");
    out.body = body;
    clients[at]->send(out);
    return clients[at]->take<protocol::sent>();
  }

  void ask_history(std::size_t at) {
    protocol::history out;
    out.n = 1;
    out.conversation = with_bob;
    out.from = {1};
    out.limit = 10;
    clients[at]->send(out);
  }

  void isolate(std::size_t which, bool yes) {
    for (auto& x : nodes) {
      network.block(nodes[which]->id(), x->id(), yes);
      network.block(x->id(), nodes[which]->id(), yes);
    }
  }

  const conversation_id with_bob =
    direct_conversation(user("alice"), user("bob"));
  std::vector<std::unique_ptr<raw_client>> clients;
};

} // namespace

TEST_CASE("a leader that hears nobody answers no read, for others may lead") {
  three_nodes a;
  CHECK(a.say(0, "one").seq == sequence{1});
  auto cut_off = a.leader();
  a.ask_history(cut_off);
  CHECK(a.clients[cut_off]->take<protocol::history_page>().head == sequence{1});

  a.isolate(cut_off, true);
  a.ask_history(cut_off);
  // It leads as far as it knows.
  a.here.run(500ms);
  CHECK(a.leader() == cut_off);
  for (const auto& x : a.clients[cut_off]->frames())
    CHECK_FALSE(std::holds_alternative<protocol::history_page>(x));

  auto elsewhere = (cut_off + 1) % 3;
  CHECK(a.say(elsewhere, "two").seq == sequence{2});
  a.isolate(cut_off, false);
  CHECK(a.clients[cut_off]->take<protocol::history_page>().head == sequence{2});
}

} // namespace stale_reads_test
