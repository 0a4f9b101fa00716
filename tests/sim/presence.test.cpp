// What others are told of a device that is connected, whoever leads.
#include "persistence/keys.hpp"
#include "tests/process/percentile.hpp"
#include "tests/sim/cluster.hpp"

#include <algorithm>
#include <doctest/doctest.h>

namespace presence_test {

using namespace iris;
using namespace iris::sim;
using namespace std::chrono_literals;
using process::percentile;

namespace {

#ifdef IRIS_SANITIZED
constexpr std::uint64_t rounds = 5;
#else
constexpr std::uint64_t rounds = 20;
#endif

/// Three nodes. Carol's phone is at one of them, and somebody at each asks
/// again and again whether she is there.
struct watched : sim_cluster {
  using nanoseconds = world::nanoseconds;

  struct seen_then {
    nanoseconds at;
    bool online;
    timestamp seen;
  };

  explicit watched(std::uint64_t seed, std::size_t behind_leader = 1)
    : sim_cluster(seed, 3, profile::calm()) {
    here.run(60s);
    home = persistence::shard_of(actors::ref_of(carol), nodes[0]->shards());
    leader = index_of_leader();
    at = (leader + behind_leader) % size();
    phone.emplace(here, *nodes[at]);
    phone->log_in("carol", "phone");
    for (std::size_t i = 0; i < size(); ++i) {
      watchers.push_back(std::make_unique<raw_client>(here, *nodes[i]));
      watchers.back()->log_in("watcher", "at" + std::to_string(i), {});
    }
    looked_at.resize(size());
    here.run(5s);
  }

  std::size_t index_of_leader() {
    for (std::size_t i = 0; i < size(); ++i)
      if (nodes[i]->running()
          && nodes[i]->node().leader(home) == nodes[i]->id())
        return i;
    return size();
  }

  /// All ask, ten times a second, until it holds; what they are told is kept.
  bool watch(nanoseconds duration, const std::function<bool()>& done) {
    for (auto end = here.steady_now() + duration;
         here.steady_now() < end && !done();) {
      for (auto& x : watchers)
        if (!x->closed())
          x->send(protocol::status{++asked, {carol}});
      here.run(100ms);
      look();
    }
    return done();
  }

  void look() {
    for (std::size_t i = 0; i < watchers.size(); ++i) {
      const auto& frames = watchers[i]->frames();
      for (; looked_at[i] < frames.size(); ++looked_at[i])
        if (const auto* x =
              std::get_if<protocol::statuses>(&frames[looked_at[i]]))
          told.push_back(
            {here.steady_now(), x->users.at(0).online, x->users.at(0).seen});
    }
  }

  std::size_t told_to_be_away() const {
    return static_cast<std::size_t>(std::count_if(
      told.begin(), told.end(), [](const auto& x) { return !x.online; }));
  }

  const user_id carol = user("carol");
  shard_id home;
  std::size_t leader = 0, at = 0;
  std::optional<raw_client> phone;
  std::vector<std::unique_ptr<raw_client>> watchers;
  std::vector<std::size_t> looked_at;
  std::vector<seen_then> told;
  std::uint64_t asked = 0;
};

} // namespace

TEST_CASE("a device that stays is there for all, whoever leads after a death") {
  std::vector<watched::nanoseconds> pauses;
  for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
    CAPTURE(seed);
    watched a{seed};
    a.watch(1s, [] { return false; });
    REQUIRE(a.told.size() > 10);
    CHECK(a.told_to_be_away() == 0);
    a.told.clear();

    auto dies = a.here.steady_now();
    a.nodes[a.leader]->crash();
    a.watch(8s, [] { return false; });

    CHECK(a.index_of_leader() != a.leader);
    REQUIRE(a.told.size() > 10);
    CHECK(a.told_to_be_away() == 0);
    CHECK_FALSE(a.phone->closed());
    pauses.push_back(a.told.front().at - dies);
  }
  MESSAGE(pauses.size(), " deaths, until somebody was told: p50 ",
          percentile(pauses, 50), ", at most ", percentile(pauses, 100), " ms");
}

TEST_CASE("a device that stays is there for all while its leader hands over") {
  for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
    CAPTURE(seed);
    watched a{seed};
    auto next = (a.leader + 1 + seed % 2) % a.size();
    std::optional<error> done;
    a.nodes[0]->node().change(
      actors::transfer_shard{a.home, a.nodes[next]->id()},
      [&done](const error& x) { done = x; });
    REQUIRE(a.watch(60s, [&] { return a.index_of_leader() == next; }));
    a.watch(3s, [] { return false; });

    REQUIRE(done);
    CHECK(to_string(*done) == to_string(error{}));
    REQUIRE(a.told.size() > 10);
    CHECK(a.told_to_be_away() == 0);
  }
}

TEST_CASE("who was at a node that died is away for all within seconds") {
  std::vector<watched::nanoseconds> pauses;
  for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
    CAPTURE(seed);
    // Half of them led her shard.
    watched a{seed, seed % 2};
    auto dies = a.here.steady_now();
    auto wall = a.here.wall_now();
    a.nodes[a.at]->crash();
    auto gone = [&] { return !a.told.empty() && !a.told.back().online; };
    REQUIRE(a.watch(30s, gone));
    pauses.push_back(a.here.steady_now() - dies);

    a.told.clear();
    a.watch(3s, [] { return false; });
    REQUIRE(a.told.size() > 10);
    CHECK(a.told_to_be_away() == a.told.size());
    // Her leader stores when it saw her. If that died with her node, what is
    // stored is older: see docs/protocol.md.
    if (a.at != a.leader)
      CHECK(a.told.back().seen.ms >= wall.ms - 1000);
  }
  MESSAGE(pauses.size(), " deaths, until somebody was told: p50 ",
          percentile(pauses, 50), ", at most ", percentile(pauses, 100), " ms");
}

} // namespace presence_test
