#include "cluster/links/porter.hpp"

#include "tests/cluster/links/rig.hpp"

namespace porter_test {

using namespace iris;
using namespace iris::cluster;
using namespace iris::cluster::test;

namespace {

/// Node 2 without a network: what its links' actors share.
struct node_within {
  node_within() { env.to = &seen; }

  static observability::log_options quiet() {
    observability::log_options out;
    out.queue_lines = 0;
    return out;
  }

  authority ca;
  const link_options options = options_of(ca.setup(2));
  observability::metrics metrics;
  observability::logger log{quiet(), std::make_shared<log_lines>(),
                            system_clock()};
  const links::parts with{system_clock(),
                          log,
                          metrics,
                          [](const link_peer&) { return result<void>{}; },
                          1,
                          [] { return std::string{}; }};
  watcher seen;
  connections sockets;
  roster peers;
  caf::actor_system_config config;
  caf::actor_system system{config};
  link_environment env{options, with, sockets, peers, nullptr};
};

} // namespace

TEST_CASE("a greeting that nobody sent is refused") {
  node_within two;
  two.peers.assign({{{1}, {"127.0.0.1", 1}}}, two.options);
  auto other = options_of(two.ca.setup(1));
  handshake one{other, system_clock()};
  auto door = two.system.spawn<porter>(two.env, 1U);

  caf::anon_send(door, one.greet({2}));

  caf::scoped_actor self{two.system};
  self->request(door, caf::infinite, end_links{})
    .receive([] {}, [](const caf::error&) { FAIL_CHECK("no answer"); });
  CHECK(two.metrics.links_refused.with("handshake").value() == 1);
  self->send_exit(door, caf::exit_reason::kill);
  self->wait_for(door);
}

TEST_CASE("a welcome that nobody sent is not heard") {
  node_within two;
  auto nowhere = std::make_shared<peer_state>(node_id{3}, two.options);
  // Its first message comes before it begins.
  auto caller = two.system.spawn<link_actor, caf::lazy_init>(
    link_actor::parts{two.env, nowhere, nullptr, std::nullopt});

  caf::anon_send(caller, welcome{});

  caf::scoped_actor self{two.system};
  self->wait_for(caller);
  CHECK(nowhere->describe().problem == "this node links to it no more");
}

} // namespace porter_test
