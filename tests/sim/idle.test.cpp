#include "tests/sim/cluster.hpp"

#include <doctest/doctest.h>
#include <map>

namespace idle_test {

using namespace iris;
using namespace iris::sim;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t groups = 64 + 1; // And the control group.

profile many_shards() {
  auto out = profile::calm();
  out.shards = 64;
  return out;
}

} // namespace

TEST_CASE("the groups of idle nodes speak together, five times a second") {
  sim_cluster a{1, 3, many_shards()};
  auto led = [&] {
    std::size_t out = 0;
    for (auto& x : a.nodes)
      out += x->node().leads().size();
    return out == groups;
  };
  REQUIRE(a.here.run(30s, led));
  // Leaderships go where the map wants them.
  a.here.run(60s);
  std::map<node_id, std::size_t> frames, announcements;
  std::size_t words = 0;
  a.network.watch([&](node_id from, cluster::lane by, const std::string& x) {
    if (by == cluster::lane::commands) {
      ++announcements[from];
      return;
    }
    REQUIRE(by == cluster::lane::consensus);
    ++frames[from];
    auto read = cluster::shard_mail::read(
      from, x, [&](shard_id, const cluster::raft::message&) { ++words; });
    CHECK(read);
  });

  a.here.run(10s);

  CHECK(led());
  // A beat of each group to two others, and their answers.
  CHECK(words == groups * 2 * 2 * 50);
  for (auto& x : a.nodes) {
    // Its beats to two others, and its answers to theirs.
    CHECK(frames[x->id()] <= 2 * 2 * 50);
    // What it leads, once a second.
    CHECK(announcements[x->id()] == 2 * 10);
  }
}

} // namespace idle_test
