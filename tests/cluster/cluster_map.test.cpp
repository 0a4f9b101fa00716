#include "cluster/cluster_map.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

namespace cluster_map_test {

using namespace iris;
using namespace iris::cluster;

namespace {

std::vector<member> founders(std::uint64_t count, std::uint64_t zones = 1) {
  std::vector<member> out;
  for (std::uint64_t i = 1; i <= count; ++i)
    out.push_back({{i},
                   "10.0.0." + std::to_string(i) + ":7703",
                   "zone-" + std::to_string(i % zones)});
  return out;
}

using shares = std::map<std::uint64_t, int>;

int spread(const shares& of) {
  auto [least, most] =
    std::minmax_element(of.begin(), of.end(), [](const auto& a, const auto& b) {
      return a.second < b.second;
    });
  return most->second - least->second;
}

} // namespace

TEST_CASE("one founder keeps everything") {
  auto map = initial_map(founders(1), 2, 3);

  CHECK(map.control == placement{{{1}}, {}, {{1}}, 1});
  REQUIRE(map.shards.size() == 2);
  CHECK(map.shards[0] == placement{{{1}}, {}, {{1}}, 1});
  CHECK(map.shards[1] == map.shards[0]);
}

TEST_CASE("three founders keep each shard and lead in turn") {
  auto nodes = founders(3);
  std::reverse(nodes.begin(), nodes.end());
  auto map = initial_map(nodes, 4, 3);

  CHECK(map.nodes == founders(3));
  for (std::uint64_t i = 0; i < 4; ++i) {
    CHECK(map.shards[i].voters.front().value == i % 3 + 1);
    CHECK(map.shards[i].actual == std::vector<node_id>{{1}, {2}, {3}});
    CHECK(reached(map.shards[i]));
  }
}

TEST_CASE("five of the founders vote in the control group") {
  auto map = initial_map(founders(7), 1, 3);

  CHECK(map.control.voters == std::vector<node_id>{{1}, {2}, {3}, {4}, {5}});
  CHECK(map.control.learners == std::vector<node_id>{{6}, {7}});
}

TEST_CASE("founders get even shares, a shard's replicas in different zones") {
  for (std::uint64_t count : {4U, 5U, 6U, 9U}) {
    auto map = initial_map(founders(count, 3), 48, 3);

    shares leads, replicas;
    for (const auto& x : map.shards) {
      ++leads[x.voters.front().value];
      std::set<std::string> zones;
      for (auto id : x.voters) {
        ++replicas[id.value];
        zones.insert(find(map, id)->zone);
      }
      CHECK(zones.size() == 3);
    }
    CHECK(leads.size() == count);
    CHECK(spread(leads) <= 1);
    // With four nodes in three zones, two are alone in theirs.
    if (count % 3 == 0)
      CHECK(spread(replicas) <= 1);
  }
}

TEST_CASE("a map is read as it was written") {
  auto map = initial_map(founders(7, 2), 5, 3);
  map.version = 77;
  map.nodes[6].state = node_state::removed;
  map.shards[2].voters.pop_back();
  map.shards[3].index = 1ULL << 40;
  auto bytes = encode(map);

  CHECK(!reached(map.shards[2]));
  CHECK(*decode_cluster_map(bytes) == map);
  CHECK(decode_cluster_map(bytes + 'x').failure().code == errc::corrupt);
  for (std::size_t n = 0; n < bytes.size(); ++n)
    CHECK(decode_cluster_map(bytes.substr(0, n)).failure().code
          == errc::corrupt);
}

TEST_CASE("a map that was stored without indices is read") {
  constexpr unsigned char stored[] = {
    1,                                                            // format
    0, 0, 0, 0,   0,   0,   0, 7,                                 // version
    0, 0, 0, 3,                                                   // replicas
    2, 1, 3, 'a', ':', '1', 0, 0, 4, 3, 'b', ':', '1', 1, 'z', 1, // nodes
    1, 1, 1, 4,   1,   1,                                         // control
    1, 2, 4, 1,   0,   2,   1, 4};                                // a shard
  std::string bytes{std::begin(stored), std::end(stored)};
  auto map = decode_cluster_map(bytes);

  REQUIRE(map);
  CHECK(map->version == 7);
  CHECK(map->nodes
        == std::vector<member>{{{1}, "a:1", ""},
                               {{4}, "b:1", "z", node_state::draining}});
  CHECK(map->control == placement{{{1}}, {{4}}, {{1}}, 0});
  CHECK(map->shards == std::vector<placement>{{{{4}, {1}}, {}, {{1}, {4}}, 0}});
  CHECK(*decode_cluster_map(encode(*map)) == *map);
}

TEST_CASE("a map of a later version is no damage") {
  auto bytes = encode(initial_map(founders(1), 1, 3));
  bytes[0] = 3;

  CHECK(decode_cluster_map(bytes).failure()
        == error{errc::store_newer,
                 "the cluster's map has format 3, expected at most 2: start "
                 "the version of Iris that wrote it, or a later one"});
  bytes[0] = 0;
  CHECK(decode_cluster_map(bytes).failure().code == errc::corrupt);
}

TEST_CASE("who was wanted and is not any more may have a vote yet") {
  auto before = initial_map(founders(4), 2, 3);
  before.shards[0] = {{{1}, {4}}, {}, {{1}, {2}}};
  auto next = before;
  next.shards[0].voters = {{3}, {1}};
  std::swap(next.shards[1].voters[0], next.shards[1].voters[1]);
  revise(next, before);

  CHECK(next.shards[0] == placement{{{3}, {1}}, {}, {{1}, {2}}, 0, 1, {{4}}});
  CHECK(next.shards[1].revision == before.shards[1].revision);
  CHECK(*decode_cluster_map(encode(next)) == next);
  for (auto x : {1, 2, 3, 4})
    CHECK(may_vote(next.shards[0], {static_cast<std::uint64_t>(x)}));

  auto again = next;
  again.shards[0].voters = {{1}, {2}};
  revise(again, next);
  CHECK(again.shards[0]
        == placement{{{1}, {2}}, {}, {{1}, {2}}, 0, 2, {{3}, {4}}});
  CHECK(!reached(again.shards[0]));
  again.shards[0].dropped.clear();
  CHECK(reached(again.shards[0]));
}

TEST_CASE("a map that nobody writes is not read") {
  auto good = initial_map(founders(3), 1, 3);
  auto refused = [&](auto change) {
    auto map = good;
    change(map);
    auto read = decode_cluster_map(encode(map));
    return !read && read.failure().code == errc::corrupt;
  };

  CHECK(!refused([](auto& x) { x.nodes.push_back({{4}, "", ""}); }));
  CHECK(refused([](auto& x) { x.nodes.push_back(x.nodes.back()); }));
  CHECK(refused([](auto& x) { x.nodes.insert(x.nodes.begin(), member{}); }));
  CHECK(refused([](auto& x) { x.nodes[0].state = node_state{3}; }));
  CHECK(refused([](auto& x) { x.nodes[0].zone.resize(zone_bytes_max + 1); }));
  CHECK(refused([](auto& x) { x.nodes[0].address.resize(256); }));
  CHECK(refused([](auto& x) { x.shards[0].voters = {}; }));
  CHECK(refused([](auto& x) { x.shards[0].voters[0] = {4}; }));
  CHECK(refused([](auto& x) { x.shards[0].voters[0] = {3}; }));
  CHECK(refused([](auto& x) { x.shards[0].learners = {{9}}; }));
  CHECK(refused([](auto& x) { x.shards[0].actual = {{2}, {1}}; }));
  CHECK(!refused([](auto& x) { x.shards[0].dropped = {{1}, {2}}; }));
  CHECK(refused([](auto& x) { x.shards[0].dropped = {{2}, {1}}; }));
  CHECK(refused([](auto& x) { x.shards[0].dropped = {{9}}; }));
  CHECK(refused([](auto& x) { x.control.voters = {}; }));
  CHECK(refused([](auto& x) { x.replicas = 0; }));
}

} // namespace cluster_map_test
