// Who counts what leaders say of a comparison.
#include "actors/comparison_desk.hpp"
#include "tests/sim/lone_host.hpp"

namespace comparison_desk_test {

using namespace iris;
using namespace iris::actors;
using namespace iris::actors::test;

namespace {

/// A desk that has asked all three groups, and what it tells.
struct asking : lone_host<compare_shard> {
  asking() {
    for (auto x : groups)
      routes.update(x, stand_in);
    desk = supervision::spawn_on<comparison_desk>(
      home, env, std::uint64_t{7},
      [this](const compared_shards& x) { heard.push_back(x); });
    here.run(moment);
    REQUIRE(elsewhere.size() == groups.size());
  }

  ~asking() {
    for (auto x : groups)
      routes.update(x, {});
  }

  /// As one that has a mark there.
  void answer(shard_id from, std::uint64_t index) {
    caf::anon_send(desk, shard_compared{from.value, {}, {index, true, {}}});
    here.run(moment);
  }

  void lose(shard_id whom) {
    caf::anon_send(desk, lost{whom.value, why});
    here.run(moment);
  }

  const std::vector<shard_id> groups{{0}, {1}, cluster::control_shard};
  const error why{errc::unavailable, "a test", 100};
  comparison_desk_actor desk;
  std::vector<compared_shards> heard;
};

} // namespace

TEST_CASE("who was lost and answers all the same is counted once") {
  asking a;
  a.lose({0});
  a.answer({0}, 4);
  a.answer({1}, 5);
  CHECK(a.heard.empty());
  a.answer(cluster::control_shard, 6);

  REQUIRE(a.heard.size() == 1);
  auto& all = a.heard[0];
  CHECK(all.at({0}).found.index == 4);
  CHECK(to_string(all.at({0}).why) == to_string(error{}));
  CHECK(all.at({1}).found.index == 5);
  CHECK(all.at(cluster::control_shard).found.index == 6);
}

TEST_CASE("who answered and is lost then has answered") {
  asking a;
  a.answer({1}, 5);
  a.lose({1});
  a.lose({0});
  CHECK(a.heard.empty());
  a.answer(cluster::control_shard, 6);

  REQUIRE(a.heard.size() == 1);
  CHECK(a.heard[0].at({1}).found.index == 5);
  CHECK(to_string(a.heard[0].at({0}).why) == to_string(a.why));
}

} // namespace comparison_desk_test
