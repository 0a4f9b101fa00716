#include "tests/sim/fixture.hpp"

#include <doctest/doctest.h>

namespace shutdown_test {

using namespace iris;
using namespace iris::sim;
using namespace std::chrono_literals;

TEST_CASE("when the root of a node has ended, all its actors have") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    one_node a{seed};
    raw_client alice{a.here, a.node};
    alice.log_in("alice", "phone");
    // Enough of them for a shard to be gone before its actors are, if it could.
    constexpr std::size_t peers = 60;
    for (std::size_t i = 0; i < peers; ++i)
      alice.send(protocol::send{
        a.new_id(), user("peer-" + std::to_string(i)), {}, "hello", {}, {}});
    for (std::size_t i = 0; i < peers; ++i)
      alice.take<protocol::sent>();
    alice.disconnect();
    auto& actors = a.caf.system.registry();
    a.here.run(1s);
    CHECK(actors.running() > 2 * peers);
    caf::scoped_actor self{a.caf.system};
    self->monitor(a.node.root());

    self->send(a.node.root(), supervision::shut_down{});

    auto left = std::size_t{0};
    auto ended = [&] {
      self->receive([&](const caf::down_msg&) { left = actors.running(); },
                    caf::after(0s) >> [] {});
      return left > 0;
    };
    REQUIRE(a.here.run(30s, ended));
    // The one that watches.
    CHECK(left == 1);
  }
}

} // namespace shutdown_test
