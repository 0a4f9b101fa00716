// When a node says that the others can count on it.
#include "apps/readiness.hpp"

#include <doctest/doctest.h>

namespace readiness_test {

using namespace iris;
using apps::replicas_vote;

namespace {

constexpr node_id self{2};

/// Two shards, which three nodes have, and the metrics of one of them.
struct place {
  place() {
    map.control.actual = {{1}, self, {3}};
    map.shards = {map.control, map.control};
  }

  std::string verdict() const {
    auto ok = replicas_vote(metrics, map, self);
    return ok ? "" : to_string(ok.failure());
  }

  observability::metrics metrics;
  cluster::cluster_map map;
};

} // namespace

TEST_CASE("a node whose replicas vote is ready") {
  place here;
  CHECK(here.verdict() == "");
  here.metrics.shard_copying.with("0").set(0);
  here.metrics.shard_stopped.with("control").set(0);
  CHECK(here.verdict() == "");
}

TEST_CASE("a node is not ready while a replica that counts copies") {
  place here;
  here.metrics.shard_copying.with("1").set(1);
  here.metrics.shard_copying.with("control").set(1);

  CHECK(here.verdict()
        == "unavailable (403): expected each of this node's replicas to vote, "
           "found those of shards 1, control copying another's state: keep the "
           "other nodes running until that is done");

  // Who is brought up for the first time has no vote to miss.
  here.map.shards[1].actual = {{1}, {3}};
  here.map.control.actual = {{1}, {3}};
  CHECK(here.verdict() == "");
}

TEST_CASE("a node is not ready while a replica that counts is behind") {
  place here;
  here.metrics.shard_behind.with("0").set(1);

  CHECK(here.verdict()
        == "unavailable (403): expected each of this node's replicas to know "
           "its leader, and to have what was committed without it, found those "
           "of shards 0 that do not: keep the other nodes running until they "
           "do");

  here.map.shards[0].actual = {{1}, {3}};
  CHECK(here.verdict() != "");
  here.map.version = 1;
  CHECK(here.verdict() == "");
}

TEST_CASE("a node is not ready while a replica has stopped") {
  place here;
  here.metrics.shard_copying.with("0").set(1);
  here.metrics.shard_stopped.with("1").set(1);

  CHECK(here.verdict()
        == "unavailable (403): expected none of this node's replicas to have "
           "stopped, found those of shards 1: the log says why; where others "
           "have the shard, `iris repair SHARD` copies it from them");
}

} // namespace readiness_test
