#include "cluster/motion_watch.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <utility>

namespace plan_test {

using namespace iris;
using namespace iris::cluster;

namespace {

using namespace std::chrono_literals;
using ids = std::vector<node_id>;

constexpr auto patience = 10min;

/// What a group's leader was told last, and to whom its log may give a vote.
struct group_model {
  std::uint64_t revision = 0;
  ids begun;
};

/// A cluster whose groups do at once what they are told, if they can; but who
/// was to come meanwhile may be needed until their leaders have looked again.
struct cluster_model {
  cluster_map map;
  std::vector<group_model> groups; ///< the control group is the last
  node_health health;
  motion_watch watch{patience};
  std::chrono::nanoseconds now{0};
  std::set<node_id> full; ///< no new replica arrives there

  explicit cluster_model(std::uint64_t nodes, std::uint16_t shards,
                         std::uint64_t zones = 1) {
    std::vector<member> founders;
    for (std::uint64_t i = 1; i <= nodes; ++i)
      founders.push_back({{i}, "", std::to_string(i % zones)});
    map = initial_map(founders, shards, 3);
    groups.resize(shards + std::size_t{1});
    for (const auto& x : map.nodes)
      health.up.insert(x.id);
  }

  void add(std::uint64_t id, std::string zone = "0") {
    map.nodes.push_back({{id}, "", std::move(zone)});
    map.control.learners.push_back({id});
    health.up.insert({id});
  }

  void set(std::uint64_t id, node_state state) {
    for (auto& x : map.nodes)
      if (x.id.value == id)
        x.state = state;
  }

  void kill(std::uint64_t id) {
    health.up.erase({id});
    health.dead.insert({id});
  }

  void revive(std::uint64_t id) {
    health.dead.erase({id});
    health.up.insert({id});
  }

  placement& at(std::size_t group) {
    return group < map.shards.size() ? map.shards[group] : map.control;
  }

  bool step() {
    health.slow.clear();
    health.late.clear();
    watch.look(map, now, health);
    auto next = plan(map, health);
    if (!next)
      return false;
    map = *std::move(next);
    for (std::size_t i = 0; i < groups.size(); ++i)
      begin(groups[i], at(i));
    return true;
  }

  static void begin(group_model& group, const placement& of) {
    for (auto id : of.voters)
      if (std::count(of.actual.begin(), of.actual.end(), id) == 0)
        group.begun.push_back(id);
  }

  bool has_majority(const placement& of) const {
    auto there = std::count_if(of.actual.begin(), of.actual.end(),
                               [&](auto x) { return health.up.contains(x); });
    return static_cast<std::size_t>(there) > of.actual.size() / 2;
  }

  bool arrives(const placement& of, node_id id) const {
    return std::count(of.actual.begin(), of.actual.end(), id) > 0
           || (health.up.contains(id) && !full.contains(id));
  }

  void arrive(placement& of, group_model& group) const {
    if (!has_majority(of))
      return;
    if (std::exchange(group.revision, of.revision) == of.revision) {
      of.dropped.clear();
      group.begun.clear();
      begin(group, of);
    }
    if (!std::all_of(of.voters.begin(), of.voters.end(),
                     [&](node_id x) { return arrives(of, x); }))
      return;
    of.actual = of.voters;
    std::sort(of.actual.begin(), of.actual.end());
    // Who has come may go again, and the map says so.
    std::erase_if(group.begun, [&](node_id x) {
      return std::count(of.actual.begin(), of.actual.end(), x) > 0;
    });
  }

  void arrive() {
    for (std::size_t i = 0; i < groups.size(); ++i)
      arrive(at(i), groups[i]);
    now += 1min;
  }

  /// Whether a group moves, or its leader has yet to look again.
  bool busy() {
    for (std::size_t i = 0; i < groups.size(); ++i)
      if (has_majority(at(i)) && !at(i).dropped.empty())
        return true;
    return moving(map, health);
  }

  /// Until nothing moves for as long as all is as it is.
  void settle() {
    for (auto end = now + 1000min; step() || busy(); arrive())
      REQUIRE(now < end);
  }

  std::size_t count(std::uint64_t id) const {
    return static_cast<std::size_t>(std::count_if(
      map.shards.begin(), map.shards.end(), [&](const placement& x) {
        return std::count(x.voters.begin(), x.voters.end(), node_id{id}) > 0;
      }));
  }

  std::size_t leads(std::uint64_t id) const {
    return static_cast<std::size_t>(std::count_if(
      map.shards.begin(), map.shards.end(),
      [&](const placement& x) { return x.voters.front().value == id; }));
  }
};

std::size_t zones_of(const cluster_map& in, const ids& of) {
  std::set<std::string> out;
  for (auto id : of)
    out.insert(find(in, id)->zone);
  return out.size();
}

} // namespace

TEST_CASE("what founders begin with needs no step") {
  for (std::uint64_t nodes = 1; nodes <= 9; ++nodes)
    for (std::uint64_t zones : {1U, 3U}) {
      cluster_model of(nodes, 32, zones);
      if (nodes % zones == 0)
        CHECK(!of.step());
    }
}

TEST_CASE("one node grows to three, and each shard with it") {
  cluster_model of(1, 9);
  of.add(2);
  of.settle();

  CHECK(of.map.control.voters == ids{{1}, {2}});
  CHECK(of.count(1) == 9);
  CHECK(of.count(2) == 9);

  of.add(3);
  of.settle();

  CHECK(of.map.control.voters == ids{{1}, {2}, {3}});
  CHECK(of.map.control.learners.empty());
  for (std::uint64_t i = 1; i <= 3; ++i) {
    CHECK(of.count(i) == 9);
    CHECK(of.leads(i) == 3);
  }
}

TEST_CASE("a fourth and a fifth node take even shares, the first leaves") {
  cluster_model of(3, 20);
  of.add(4);
  of.settle();
  CHECK(of.count(4) == 15);
  CHECK(of.leads(4) == 5);
  of.add(5);
  of.settle();
  for (std::uint64_t i = 1; i <= 5; ++i) {
    CHECK(of.count(i) == 12);
    CHECK(of.leads(i) == 4);
  }

  of.set(1, node_state::removed);
  of.settle();

  CHECK(empty(of.map, {1}));
  for (std::uint64_t i = 2; i <= 5; ++i) {
    CHECK(of.count(i) == 15);
    CHECK(of.leads(i) == 5);
  }
  CHECK(of.map.control.voters.size() == 4);
}

TEST_CASE("who is removed leads nothing before its replicas go") {
  cluster_model of(4, 8);
  of.set(1, node_state::removed);

  auto before = of.count(1);
  while (of.leads(1) > 0) {
    REQUIRE(of.step());
    CHECK(of.count(1) == before);
  }
}

TEST_CASE("a node that drains leads nothing and keeps its replicas") {
  cluster_model of(3, 9);
  of.set(2, node_state::draining);
  of.settle();

  CHECK(of.leads(2) == 0);
  CHECK(of.count(2) == 9);
  CHECK(of.map.control.voters.size() == 3);
  // Nor if who leads fails.
  CHECK(of.map.control.voters.back() == node_id{2});
  for (const auto& x : of.map.shards)
    CHECK(x.voters.back() == node_id{2});

  of.set(2, node_state::active);
  of.settle();
  CHECK(of.leads(2) == 3);
}

TEST_CASE("three nodes of which one goes keep two replicas") {
  cluster_model of(3, 4);
  of.set(1, node_state::removed);
  of.settle();

  CHECK(empty(of.map, {1}));
  for (const auto& x : of.map.shards)
    CHECK(x.voters.size() == 2);
  CHECK(of.map.control.actual == ids{{2}, {3}});
}

TEST_CASE("who was added and has not come keeps nobody from going") {
  cluster_model of(3, 4);
  of.add(4);
  of.health.up.erase({4});
  of.set(1, node_state::removed);
  of.settle();

  CHECK(empty(of.map, {1}));
  for (const auto& x : of.map.shards)
    CHECK(x.voters.size() == 2);

  of.revive(4);
  of.settle();
  for (const auto& x : of.map.shards)
    CHECK(x.voters.size() == 3);
}

TEST_CASE("the replicas of a dead node are made elsewhere if there is room") {
  cluster_model of(4, 8);
  of.kill(4);
  of.settle();

  CHECK(of.count(4) == 0);
  for (std::uint64_t i = 1; i <= 3; ++i)
    CHECK(of.count(i) == 8);
  CHECK(of.map.control.voters == ids{{1}, {2}, {3}, {4}}); // no room

  of.revive(4);
  of.settle();
  CHECK(of.count(4) == 6);
  CHECK(of.leads(4) == 2);
}

TEST_CASE("without room a dead node keeps its replicas and leads nothing") {
  cluster_model of(3, 6);
  of.kill(1);
  of.settle();

  CHECK(of.count(1) == 6);
  CHECK(of.leads(1) == 0);
}

TEST_CASE("a node that is away for a while keeps what it has") {
  cluster_model of(4, 8);
  of.health.up.erase({4});

  CHECK(!of.step());
}

TEST_CASE("a dead voter of the control group is replaced by a learner") {
  cluster_model of(6, 2);
  CHECK(of.map.control.learners == ids{{6}});
  of.kill(2);
  of.settle();

  CHECK(of.map.control.actual == ids{{1}, {3}, {4}, {5}, {6}});
  CHECK(of.map.control.learners == ids{{2}});
}

TEST_CASE("replicas go to zones that have none") {
  cluster_model of(3, 6);
  of.add(4, "b");
  of.add(5, "c");
  of.settle();

  for (const auto& x : of.map.shards)
    CHECK(zones_of(of.map, x.voters) == 3);
  CHECK(of.count(4) == 6);
  CHECK(of.count(5) == 6);
}

TEST_CASE("nothing else moves while a shard has not arrived") {
  cluster_model of(3, 6);
  of.add(4);
  of.map.control.actual = of.map.control.voters;
  of.settle();
  of.add(5);
  REQUIRE(of.step());
  CHECK(!of.step());
}

TEST_CASE("a move that can't arrive holds no others for longer than it may") {
  cluster_model of(3, 6);
  of.full = {{4}};
  of.add(4);
  REQUIRE(of.step()); // The control group takes it.
  of.map.control.actual = of.map.control.voters;
  REQUIRE(of.step());
  CHECK(of.count(4) == 1);
  of.add(5);
  for (auto end = of.now + patience; of.now < end; of.arrive())
    CHECK(!of.step());

  of.settle();

  CHECK(of.count(4) == 0);
  CHECK(of.count(5) > 0);
  for (const auto& x : of.map.shards)
    CHECK(reached(x));
}

TEST_CASE("where there is no other node, who is slow is waited for") {
  cluster_model of(4, 4);
  of.full = {{4}};
  for (auto& x : of.map.shards)
    x = {{{1}, {2}, {3}}, {}, {{1}, {2}, {3}}};
  of.kill(3);
  of.settle();

  auto waits = std::count_if(of.map.shards.begin(), of.map.shards.end(),
                             [](const placement& x) { return !reached(x); });
  CHECK(waits == 1);
  CHECK(of.leads(3) == 0);

  of.full.clear();
  of.arrive();
  of.settle();
  CHECK(of.count(4) == 4);
  CHECK(of.count(3) == 0);
}

TEST_CASE("groups without a majority stay where they are, others move") {
  cluster_model of(5, 10);
  of.kill(1);
  of.kill(2);
  auto lost = [&](const placement& x) { return !of.has_majority(x); };
  auto before = of.map;
  of.settle();

  auto stay = 0;
  for (std::size_t i = 0; i < before.shards.size(); ++i)
    if (lost(before.shards[i])) {
      CHECK(of.map.shards[i].actual == before.shards[i].actual);
      ++stay;
    } else {
      CHECK(of.map.shards[i].actual == ids{{3}, {4}, {5}});
    }
  CHECK(stay > 0);
  CHECK(stay < 10);
}

TEST_CASE("a group that loses its majority on its way holds no others") {
  cluster_model of(5, 10);
  of.add(6);
  auto& shards = of.map.shards;
  auto moves = [](const placement& x) { return !reached(x); };
  while (std::none_of(shards.begin(), shards.end(), moves)) {
    of.arrive();
    REQUIRE(of.step());
  }
  auto held =
    std::find_if(shards.begin(), shards.end(), moves) - shards.begin();
  auto at = static_cast<std::size_t>(held);
  auto lost = shards[at].actual;
  of.kill(lost[0].value);
  of.kill(lost[1].value);
  of.settle();

  CHECK(shards[at].actual == lost);
  for (const auto& x : shards)
    if (of.has_majority(x)) {
      CHECK(reached(x));
      for (auto id : x.voters)
        CHECK(of.health.up.contains(id));
    }
}

TEST_CASE("a move to a node that died goes elsewhere") {
  cluster_model of(3, 3);
  of.add(4);
  of.add(5);
  while (of.count(4) + of.count(5) == 0) {
    of.arrive();
    REQUIRE(of.step());
  }
  auto at = of.count(4) > 0 ? std::uint64_t{4} : 5;
  of.kill(at);
  REQUIRE(of.step());

  CHECK(of.count(at) == 0);
  CHECK(!of.step());
  of.arrive();
  of.settle();
  CHECK(of.count(9 - at) > 0);
}

TEST_CASE("a move to the only node there was, which died, is given up") {
  cluster_model of(3, 3);
  of.add(4);
  while (of.count(4) == 0) {
    of.arrive();
    REQUIRE(of.step());
  }
  of.kill(4);
  REQUIRE(of.step());

  CHECK(of.count(4) == 0);
  CHECK(!empty(of.map, {4}));
  of.arrive();
  CHECK(!empty(of.map, {4}));
  of.arrive();
  for (const auto& x : of.map.shards)
    CHECK(reached(x));
}

TEST_CASE("a voter of the control group that died before it came is not "
          "waited for") {
  cluster_model of(1, 1);
  of.add(2);
  REQUIRE(of.step());
  CHECK(of.map.control.voters == ids{{1}, {2}});
  of.kill(2);
  REQUIRE(of.step());

  CHECK(of.map.control == placement{{{1}}, {{2}}, {{1}}, 1, 2, {{2}}});
}

TEST_CASE("a voter of the control group that goes before it came hears of the "
          "map for as long as it keeps a shard") {
  cluster_model of(3, 1);
  of.add(4);
  of.map.shards[0] = {{{4}, {2}, {3}}, {}, {{2}, {3}, {4}}};
  REQUIRE(of.step());
  REQUIRE(of.map.control.voters == ids{{1}, {2}, {3}, {4}});
  of.set(4, node_state::removed);
  REQUIRE(of.step());

  CHECK(of.map.control.voters == ids{{1}, {2}, {3}});
  CHECK(of.map.control.learners == ids{{4}});

  of.settle();
  CHECK(empty(of.map, {4}));
  CHECK(of.map.control.learners.empty());
}

TEST_CASE("a node that drains waits for no leader that doesn't arrive") {
  cluster_model of(4, 1);
  of.full = {{4}};
  of.map.shards[0] = {{{4}, {2}, {3}}, {}, {{1}, {2}, {3}}};
  of.set(1, node_state::draining);
  CHECK(!of.step());
  of.settle();

  CHECK(of.map.shards[0].voters == ids{{2}, {4}, {3}});
  CHECK(of.map.shards[0].actual == ids{{1}, {2}, {3}});
}

namespace {

/// Who may vote, as any log may have it, is not to be switched off, and hears
/// of the map.
void check_needed(cluster_model& of) {
  for (std::size_t i = 0; i < of.groups.size(); ++i)
    for (auto id : of.groups[i].begun) {
      RC_ASSERT(!empty(of.map, id));
      RC_ASSERT(i == of.map.shards.size() || wants(of.map.control, id));
    }
  for (const auto& x : of.map.nodes)
    for (const auto& y : of.map.shards)
      RC_ASSERT(!may_vote(y, x.id) || wants(of.map.control, x.id));
}

/// Not one that was added and has not come, or that died and was replaced.
bool stays(const cluster_map& in, const node_health& health, const member& x) {
  auto keeps = [&](const placement& of) { return may_vote(of, x.id); };
  return x.state != node_state::removed
         && (health.up.contains(x.id) || keeps(in.control)
             || std::any_of(in.shards.begin(), in.shards.end(), keeps));
}

/// What holds of each step, whatever happened before.
void check_step(const cluster_map& before, const cluster_map& after,
                const node_health& health) {
  auto differs = before.control == after.control ? 0 : 1;
  for (std::size_t i = 0; i < before.shards.size(); ++i) {
    const auto& x = before.shards[i].voters;
    const auto& y = after.shards[i].voters;
    differs += x == y ? 0 : 1;
    auto stay = static_cast<std::size_t>(
      std::count_if(before.nodes.begin(), before.nodes.end(),
                    [&](const member& n) { return stays(before, health, n); }));
    auto had = before.shards[i].actual.size();
    RC_ASSERT(y.size() >= std::min({had, std::size_t{3}, stay}));
    auto unique = std::set<node_id>(y.begin(), y.end());
    RC_ASSERT(unique.size() == y.size());
    auto same = std::count_if(y.begin(), y.end(), [&](node_id id) {
      return std::find(x.begin(), x.end(), id) != x.end();
    });
    // One comes, or one goes, or one comes for one that goes.
    RC_ASSERT(same + 1 >= static_cast<std::ptrdiff_t>(x.size()));
    RC_ASSERT(same + 1 >= static_cast<std::ptrdiff_t>(y.size()));
  }
  RC_ASSERT(differs == 1);
  RC_ASSERT(after.version == before.version + 1);
  auto read = decode_cluster_map(encode(after));
  RC_ASSERT(read && *read == after);
}

void happen(cluster_model& to) {
  auto nodes = to.map.nodes.size();
  auto which = *rc::gen::inRange<std::uint64_t>(1, nodes + 1);
  auto others = std::count_if(
    to.map.nodes.begin(), to.map.nodes.end(), [&](const member& x) {
      return x.id.value != which && x.state == node_state::active
             && to.health.up.contains(x.id);
    });
  auto state = find(to.map, {which})->state;
  switch (*rc::gen::inRange(0, 8)) {
  case 0:
    return to.add(nodes + 1, std::to_string(*rc::gen::inRange(0, 3)));
  case 1:
    if (others > 0)
      to.set(which, node_state::removed);
    return;
  case 2:
    if (others > 0 && state == node_state::active)
      to.set(which, node_state::draining);
    return;
  case 3:
    if (state == node_state::draining)
      to.set(which, node_state::active);
    return;
  case 4:
    if (others > 0)
      to.kill(which);
    return;
  case 5:
    to.health.up.erase({which}); // for a while
    return;
  case 6:
    if (to.full.erase({which}) == 0)
      to.full.insert({which});
    return;
  default:
    return to.revive(which);
  }
}

void check_settled(const cluster_model& of) {
  std::set<node_id> open;
  std::set<node_id> takers;
  std::size_t stay = 0;
  for (const auto& x : of.map.nodes) {
    stay += x.state == node_state::removed ? 0 : 1;
    if (x.state == node_state::active && of.health.up.contains(x.id)) {
      open.insert(x.id);
      if (!of.health.slow.contains(x.id))
        takers.insert(x.id);
    }
  }
  auto stuck = false;
  for (std::uint16_t i = 0; i < of.map.shards.size(); ++i) {
    const auto& x = of.map.shards[i];
    auto first = x.voters.front();
    auto comes = std::count(x.actual.begin(), x.actual.end(), first) > 0
                 || !of.health.late.contains({i});
    auto could = std::any_of(x.voters.begin(), x.voters.end(), [&](node_id id) {
      return open.contains(id)
             && std::count(x.actual.begin(), x.actual.end(), id) > 0;
    });
    RC_ASSERT(!could
              || (comes && find(of.map, first)->state == node_state::active
                  && !of.health.dead.contains(first)));
    if (!of.has_majority(x)) {
      stuck = true;
      continue;
    }
    // All others have arrived but for who is full, and waited for in vain.
    auto waits = std::any_of(x.voters.begin(), x.voters.end(),
                             [&](node_id id) { return !of.arrives(x, id); });
    RC_ASSERT(reached(x) || waits);
    if (waits) {
      stuck = true;
      continue;
    }
    if (takers.size() >= 3)
      for (auto id : x.voters) {
        RC_ASSERT(find(of.map, id)->state != node_state::removed);
        RC_ASSERT(!of.health.dead.contains(id));
      }
    RC_ASSERT(x.voters.size() <= std::min<std::size_t>(3, stay));
  }
  std::size_t most = 0;
  std::size_t least = SIZE_MAX;
  std::set<std::string> zones;
  for (auto id : open) {
    zones.insert(find(of.map, id)->zone);
    most = std::max(most, of.count(id.value));
    if (takers.contains(id))
      least = std::min(least, of.count(id.value));
  }
  if (zones.size() == 1 && !stuck && !takers.empty())
    RC_ASSERT(most <= least + 1);
}

} // namespace

TEST_CASE("whatever happens, steps are small and come to an end") {
  CHECK(rc::check([] {
    cluster_model of(*rc::gen::inRange<std::uint64_t>(1, 6),
                     *rc::gen::inRange<std::uint16_t>(1, 20),
                     *rc::gen::inRange<std::uint64_t>(1, 4));
    auto moves = *rc::gen::inRange(1, 8);
    for (int i = 0; i < moves; ++i) {
      happen(of);
      auto arrives = *rc::gen::arbitrary<bool>();
      for (auto n = *rc::gen::inRange(0, 6); n > 0; --n) {
        auto before = of.map;
        if (of.step())
          check_step(before, of.map, of.health);
        check_needed(of);
        if (arrives)
          of.arrive();
        check_needed(of);
      }
    }
    of.arrive();
    auto end = of.now + 1000min;
    for (auto before = of.map;; before = of.map) {
      if (of.step())
        check_step(before, of.map, of.health);
      else if (!of.busy())
        break;
      check_needed(of);
      of.arrive();
      RC_ASSERT(of.now < end);
    }
    check_settled(of);
  }));
}

} // namespace plan_test
