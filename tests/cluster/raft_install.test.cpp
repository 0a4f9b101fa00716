// How a replica that needs its leader's state leaves and comes back, and what
// a leader sends.
#include "cluster/raft/log_tail.hpp"
#include "tests/cluster/raft_group.hpp"

#include <doctest/doctest.h>

namespace raft_install_test {

using namespace iris;
using namespace iris::cluster::raft;
using namespace iris::test;
using namespace std::chrono_literals;
using kind = message::kind;

namespace {

/// Three voters of which 3 missed what 1 has cut.
struct far_behind {
  far_behind() : a{3, raft_group::voters({1, 2, 3})} {
    a.elect(1, {2, 3});
    a.talk(1, {2, 3});
    for (auto x : {"a", "b", "c"}) {
      a.submit(1, x);
      a.talk(1, 2);
    }
    a.drop();
    cut(a.at(1).state().at.index);
    // 3 is heard of once more, and told.
    for (int i = 0; i < 20 && a.fetches.empty(); ++i) {
      a.heartbeat(1);
      a.talk(1, {2, 3});
    }
  }

  /// All but the entries from this one on.
  void cut(std::uint64_t keep_from) {
    REQUIRE(a.core(1).compacted(a.now, a.at(1).state().at, keep_from));
  }

  /// 3 comes back with the state of 1.
  void fetch() {
    a.at(3).install(a.now, a.at(1).state(), 3, true);
    a.write(3);
  }

  raft_group a;
};

} // namespace

TEST_CASE("a follower behind its leader's log leaves and fetches the state") {
  far_behind x;
  auto& a = x.a;
  REQUIRE(a.fetches.count(3) == 1);
  const auto& told = a.fetches[3];
  CHECK(told.peer == node_id{1});
  CHECK(told.floor.index == a.core(1).commit_index());
  CHECK_FALSE(a.at(3).up());

  x.fetch();
  a.submit(1, "d");
  for (int i = 0; i < 4; ++i) {
    a.heartbeat(1);
    a.talk(1, {2, 3});
  }

  CHECK(a.core(3).commit_index() == a.core(1).commit_index());
  CHECK(commands(a, 3) == "d");
  CHECK(a.at(3).state().hash == a.at(1).state().hash);
}

TEST_CASE("a fetched state may be newer than the leader asked for") {
  far_behind x;
  auto& a = x.a;
  for (auto y : {"d", "e"}) {
    a.submit(1, y);
    a.talk(1, 2);
  }

  x.fetch();
  REQUIRE(a.core(3).last_index() > a.fetches[3].floor.index);
  a.submit(1, "f");
  for (int i = 0; i < 4; ++i) {
    a.heartbeat(1);
    a.talk(1, {2, 3});
  }

  CHECK(commands(a, 3) == "f");
  CHECK(a.at(3).state().hash == a.at(1).state().hash);
}

TEST_CASE("a leader that has cut its log meanwhile goes on with entries") {
  // Its heartbeats now begin above what 3 has.
  far_behind x;
  auto& a = x.a;
  auto fetched = a.at(1).state();
  a.fetches.clear();
  for (auto y : {"d", "e"}) {
    a.submit(1, y);
    a.talk(1, 2);
  }
  x.cut(fetched.at.index);

  a.at(3).install(a.now, fetched, 3, true);
  a.write(3);
  for (int i = 0; i < 6; ++i) {
    a.heartbeat(1);
    a.talk(1, {2, 3});
  }

  CHECK(a.fetches.empty());
  CHECK(commands(a, 3) == "de");
  CHECK(a.at(3).state().hash == a.at(1).state().hash);
}

TEST_CASE("an old order to fetch is answered as a heartbeat") {
  far_behind x;
  auto& a = x.a;
  auto told = a.fetches[3];
  x.fetch();
  a.fetches.clear();
  a.drop();

  a.give(3, told);

  CHECK(a.fetches.empty());
  REQUIRE(a.wire.size() == 1);
  CHECK(a.wire.front().what.what == kind::append_result);
  CHECK(a.wire.front().what.rejected == 0);
  CHECK(a.wire.front().what.last_index == told.floor.index);
  // And one of an earlier term not even that.
  told.term = 1;
  told.floor.index += 100;
  a.drop();
  a.give(3, told);
  CHECK(a.fetches.empty());
}

TEST_CASE("a floor does not go back") {
  // Rule 13.
  far_behind x;
  auto& it = x.a.core(1);
  auto floor = x.a.at(1).state().at;
  const auto first = it.first_index();
  REQUIRE(first == floor.index);

  floor.index -= 1;
  REQUIRE(it.compacted(x.a.now, floor, floor.index));

  CHECK(it.first_index() == first);
  x.cut(first);
  CHECK(it.first_index() == first);
}

TEST_CASE("a floor has the configuration of its entry, not of a later one") {
  auto entry = [](entry_type what, const std::string& payload) {
    return persistence::log_entry{1, static_cast<std::uint8_t>(what),
                                  std::make_shared<const std::string>(payload)};
  };
  log_tail tail;
  tail.reset({0, 0, "first", 0}, 1,
             std::vector{entry(entry_type::command, "a"),
                         entry(entry_type::configuration, "second"),
                         entry(entry_type::command, "b"),
                         entry(entry_type::configuration, "third")});

  std::string found;
  for (std::uint64_t i = 1; i <= 4; ++i) {
    auto floor = tail.floor_at(i);
    CHECK(floor.index == i);
    found +=
      floor.configuration + std::to_string(floor.configuration_index) + ' ';
  }

  CHECK(found == "first0 second2 second2 third4 ");
}

TEST_CASE("what does not stand on the fetched state leaves the log") {
  // Rule 14.
  persistence::loaded_log log;
  auto entry = [](std::uint64_t term) {
    return persistence::log_entry{term, 1,
                                  std::make_shared<const std::string>("x")};
  };
  log.state = {3, 1};
  log.first_index = 4;
  log.entries = {entry(2), entry(2), entry(3)};
  auto bytes = encode(voters_of({1}));

  auto kept = core::installed({7}, log, {5, 2, bytes, 1});
  CHECK(kept.shard == shard_id{7});
  CHECK(kept.first_index == 0);
  CHECK(kept.keep_from == 6);
  CHECK_FALSE(kept.state);
  auto replaced = core::installed({7}, log, {5, 3, bytes, 1});
  CHECK(replaced.first_index == 6);
  CHECK(replaced.entries.empty());
  auto behind = core::installed({7}, log, {9, 4, bytes, 1});
  CHECK(behind.first_index == 10);
  CHECK(behind.state == persistence::hard_state{4, 0});
  CHECK(behind.floor->configuration == bytes);
}

TEST_CASE("a log that is none is refused") {
  auto refused = [](const persistence::loaded_log& log) {
    core it{{1}, 1};
    auto out = it.start(1s, log);
    return !out && out.failure().code == errc::corrupt;
  };
  persistence::loaded_log log;
  CHECK_FALSE(refused(log));
  auto first = core::bootstrap({1}, voters_of({1}));
  log.state = {2, 1};
  log.entries = first.entries;
  CHECK_FALSE(refused(log));
  log.state.term = 0;
  CHECK(refused(log));
  log.state.term = 2;
  log.first_index = 2;
  CHECK(refused(log));
  log.first_index = 1;
  log.entries[0].payload = std::make_shared<const std::string>("no");
  CHECK(refused(log));
  log.entries[0].type = 1;
  CHECK(refused(log));
  log.floor = {1, 2, *first.entries[0].payload, 1};
  CHECK(refused(log));
}

TEST_CASE("a silent follower gets heartbeats without entries") {
  raft_group a{3, voters_of({1, 2, 3})};
  a.elect(1, {2, 3});
  a.talk(1, {2, 3});
  for (int i = 0; i < 12; ++i) {
    a.heartbeat(1);
    a.talk(1, 2);
    a.drop();
  }
  a.submit(1, "a");

  a.heartbeat(1);
  for (const auto& x : a.wire)
    CHECK((x.to == 2 || x.what.entries.empty()));
  a.talk(1, {2, 3});
  a.heartbeat(1);
  a.talk(1, {2, 3});

  CHECK(commands(a, 3) == "a");
}

TEST_CASE("entries leave in messages of a bounded size") {
  options small;
  small.append_bytes_max = 5;
  raft_group a{2, voters_of({1, 2}), small};
  a.elect(1, {2});
  a.talk(1, 2);
  a.hold_disk(2);
  for (auto x : {"aaa", "bb", "c", "dddddddd", "e"})
    a.submit(1, x);
  a.drop();
  a.release_disk(2);
  a.tick(1, 1100ms);
  a.drop();
  a.heartbeat(1);
  a.talk(1, 2);
  a.heartbeat(1);
  a.talk(1, 2);

  CHECK(commands(a, 2) == "aaabbcdddddddde");
}

} // namespace raft_install_test
