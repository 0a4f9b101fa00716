// Replicas of whole nodes that are made anew, and compared.
#include "tests/damaged_store.hpp"
#include "tests/lines.hpp"
#include "tests/sim/cluster.hpp"
#include "tests/sim/writers.hpp"

#include <algorithm>
#include <doctest/doctest.h>

namespace repair_test {

using namespace iris;
using namespace iris::sim;
using namespace std::chrono_literals;

namespace {

using sentences = std::vector<std::string>;

struct some_nodes : sim_cluster {
  explicit some_nodes(std::size_t count)
    : sim_cluster(1, count, profile::calm()) {
    here.run(10s);
  }

  sim_node& leader(shard_id of) {
    auto id = nodes[0]->node().leader(of);
    REQUIRE(id);
    return *nodes.at(id->value - 1);
  }

  /// As damage that a reader finds.
  void stop(sim_node& at, shard_id which) {
    auto replica = at.node().env().routes.at(which);
    REQUIRE(replica);
    caf::anon_send(replica,
                   actors::shard_stopped{error{errc::corrupt, "a test"}});
    REQUIRE(here.run(10s, [&] { return stopped(at, which); }));
  }

  bool stopped(sim_node& at, shard_id which) {
    auto out = false;
    at.metrics().shard_stopped.each([&](std::string_view name, const auto& x) {
      out = out || (name == cluster::label_of(which) && x.value() == 1);
    });
    return out;
  }

  /// What comes of it; empty if it has begun.
  std::string repair(sim_node& at, shard_id which) {
    std::optional<result<void>> out;
    at.node().repair(which, [&out](const result<void>& x) { out = x; });
    REQUIRE(here.run(10s, [&] { return out.has_value(); }));
    return *out ? std::string{} : to_string(out->failure());
  }
};

} // namespace

TEST_CASE("all replicas of a node that stopped are made anew where they are") {
  some_nodes a{3};
  for (auto which : a.groups()) {
    auto& at = a.leader(which);
    auto replica = at.node().env().routes.at(which);
    auto copies = at.metrics().shard_copies.value();
    a.stop(at, which);
    REQUIRE(a.here.run(20s, [&] {
      auto now = at.node().leader(which);
      return now && *now != at.id();
    }));

    // The replica has to hear of who leads, too.
    std::string refused = "not asked";
    for (auto i = 0; i < 20 && !refused.empty(); ++i) {
      refused = a.repair(at, which);
      a.here.run(100ms);
    }
    CHECK(refused == "");
    CHECK_FALSE(a.stopped(at, which));
    REQUIRE(a.here.run(
      20s, [&] { return at.metrics().shard_copies.value() > copies; }));
    // It leads again, being wanted to, and is who it was.
    REQUIRE(a.here.run(
      2min, [&] { return at.node().env().routes.at(which) == replica; }));
  }
  a.here.run(10s);
  CHECK(a.compare() == std::vector<std::string>{});
}

TEST_CASE("a replica that copies says so until it has copied") {
  some_nodes a{3};
  auto copying = [](sim_node& at, shard_id which) {
    std::int64_t out = -1;
    at.metrics().shard_copying.each([&](std::string_view name, const auto& x) {
      if (name == cluster::label_of(which))
        out = x.value();
    });
    return out;
  };
  auto which = a.groups().front();
  auto& at = a.leader(which);
  CHECK(copying(at, which) == 0);
  a.stop(at, which);
  CHECK(copying(at, which) == 0);
  a.here.run(5s);

  REQUIRE(a.repair(at, which) == "");

  REQUIRE(a.here.run(20s, [&] { return copying(at, which) == 1; }));
  CHECK(at.metrics().shard_copies.value() == 1);
  REQUIRE(a.here.run(20s, [&] { return copying(at, which) == 0; }));
  a.here.run(10s);
  CHECK(at.metrics().shard_copies.value() == 1);
  CHECK(a.compare() == std::vector<std::string>{});
}

TEST_CASE("after a write of the log failed nothing is repaired, a restart "
          "does") {
  some_nodes a{3};
  auto& leads = a.leader(cluster::control_shard);
  auto& at = *a.nodes[leads.id().value % 3];
  auto copies = at.metrics().shard_copies.value();
  at.disk().fail_at({1, io::sync});
  std::optional<error> done;
  leads.node().change(actors::add_node{{9}, "d:1", ""},
                      [&](const error& x) { done = x; });
  REQUIRE(
    a.here.run(10s, [&] { return a.stopped(at, cluster::control_shard); }));
  REQUIRE(a.here.run(10s, [&] { return done.has_value(); }));
  CHECK(done == error{});
  auto lines = at.log_lines().lines();
  CHECK(std::any_of(lines.begin(), lines.end(), [](const auto& x) {
    return x.find("shard stopped, for a write of the log failed: it serves "
                  "nobody here until the node is restarted, and replays its "
                  "log")
           != x.npos;
  }));

  // Those that have not stopped would do so with the next write.
  for (auto which : a.groups())
    CHECK(a.repair(at, which)
          == "illegal_state (104): a write of this node's log failed: restart "
             "the node, it replays its log");
  a.here.run(10s);
  CHECK(at.metrics().shard_copies.value() == copies);

  at.kill();
  REQUIRE(at.start());
  a.here.run(20s);
  CHECK(at.metrics().shard_copies.value() == 0);
  CHECK(a.compare() == std::vector<std::string>{});
}

TEST_CASE("a replica with a damaged log votes no more until it is repaired") {
  some_nodes a{3};
  auto& at = *a.nodes[2];
  auto& other = *a.nodes[1];
  const shard_id which{0}, whole{1};
  at.crash();
  test::damage_log("/node/log", which, &at.disk().env());

  REQUIRE(at.start());
  REQUIRE(a.here.run(10s, [&] { return a.stopped(at, which); }));
  other.kill();
  a.here.run(1min);
  CHECK(a.leader(whole).running());
  CHECK_FALSE(a.nodes[0]->node().leader(which));
  // Who led is not sure to come back.
  CHECK(a.repair(at, which).find("no leader of this shard is known here")
        != std::string::npos);

  REQUIRE(other.start());
  a.here.run(1min);
  CHECK(a.leader(which).id() != at.id());
  CHECK(a.stopped(at, which));
  std::optional<result<void>> twice;
  at.node().repair(which, [](const auto&) {});
  at.node().repair(which, [&](const result<void>& x) { twice = x; });
  REQUIRE(a.here.run(10s, [&] { return twice.has_value(); }));
  CHECK(to_string(twice->failure())
        == "unavailable (403): this replica is being repaired");
  a.here.run(10s);
  auto lines = at.log_lines().lines();
  CHECK(std::any_of(lines.begin(), lines.end(), [](const auto& x) {
    return x.find("a damaged log is given up") != x.npos;
  }));
  CHECK_FALSE(a.stopped(at, which));
  CHECK(at.metrics().shard_copies.value() == 1);
  CHECK(a.compare() == sentences{});

  other.kill();
  REQUIRE(a.here.run(
    1min, [&] { return a.nodes[0]->node().leader(which).has_value(); }));
}

TEST_CASE("a node whose log was given up starts, though its state is damaged") {
  some_nodes a{3};
  auto& at = *a.nodes[2];
  const shard_id which{0};
  at.crash();
  {
    auto log = persistence::log_store::open("/node/log", at.disk());
    REQUIRE(log);
    REQUIRE((*log)->lose(which));
  }
  test::damage("/node/state", persistence::applied_key(which),
               &at.disk().env());

  REQUIRE(at.start());
  REQUIRE(a.here.run(10s, [&] { return a.stopped(at, which); }));
  a.here.run(10s);
  CHECK(a.repair(at, which) == "");
  a.here.run(10s);
  CHECK_FALSE(a.stopped(at, which));
  CHECK(a.compare() == sentences{});
}

TEST_CASE("a replica whose log is not its state's is not repaired") {
  some_nodes a{3};
  auto& at = *a.nodes[2];
  const shard_id which{0};
  at.crash();
  {
    auto log = persistence::log_store::open("/node/log", at.disk());
    REQUIRE(log);
    auto found = (*log)->load(which);
    REQUIRE(found);
    persistence::log_change older;
    older.shard = which;
    older.first_index = found->first_index + found->entries.size() - 1;
    REQUIRE((*log)->append({&older, 1}));
  }

  REQUIRE(at.start());
  REQUIRE(a.here.run(10s, [&] { return a.stopped(at, which); }));
  a.here.run(10s);
  CHECK(a.repair(at, which).find("must not vote any more, so the node has to "
                                 "be replaced")
        != std::string::npos);
  CHECK(a.stopped(at, which));
}

namespace {

#ifdef IRIS_SANITIZED
constexpr std::uint64_t stride = 11;
#else
constexpr std::uint64_t stride = 1;
#endif

/// What ails a replica: something that was read of its state, or its log.
enum class ailment { state, log };

/// A replica that holds something has stopped, and is repaired while something
/// is planned for its disk; then its machine starts again.
struct repaired : some_nodes {
  using plan = std::function<void(memory_disk&)>;

  explicit repaired(ailment what)
    : some_nodes(3), crowd(*this, writers::knows::all_nodes) {
    crowd.go_home();
    crowd.write_all();
    REQUIRE(here.run(10s, [this] { return crowd.unanswered().empty(); }));
    here.run(15s);
    at = &leader(which);
    if (what == ailment::state) {
      stop(*at, which);
    } else {
      at->crash();
      test::damage_log("/node/log", which, &at->disk().env());
      REQUIRE(at->start());
      REQUIRE(here.run(10s, [this] { return stopped(*at, which); }));
    }
    here.run(5s);
  }

  /// Whether what was planned has happened.
  bool run(const plan& what) {
    auto before = at->disk().count();
    what(at->disk());
    auto broken = [this] {
      return at->disk().off() || at->disk().fault_hit().has_value();
    };
    for (auto i = 0; i < 20 && !broken() && stopped(*at, which); ++i) {
      repair(*at, which);
      here.run(100ms, broken);
    }
    here.run(5s, broken);
    calls = at->disk().count() - before;
    auto happened = broken();
    at->crash();
    REQUIRE(at->start());
    return happened;
  }

  void judge() {
    here.run(1s);
    for (auto i = 0; i < 20 && stopped(*at, which); ++i) {
      repair(*at, which);
      here.run(1s);
    }
    CHECK(here.run(60s, [this] { return compare().empty(); }));
    CHECK(crowd.judge() == sentences{});
    CHECK(seen.problems() == sentences{});
  }

  const shard_id which{0};
  sim_node* at = nullptr;
  std::uint64_t calls = 0;
  writers crowd;
};

void whichever_call(
  ailment of, const std::function<void(memory_disk&, std::uint64_t)>& what) {
  repaired plain{of};
  CHECK_FALSE(plain.run([](auto&) {}));
  CHECK(plain.at->metrics().shard_copies.value() == 0); // Of this start.
  plain.judge();
  MESSAGE("calls to the disk: ", plain.calls);
  REQUIRE(plain.calls > 20);
  for (std::uint64_t n = 1; n <= plain.calls; n += stride) {
    CAPTURE(n);
    repaired one{of};
    CHECK(one.run([&](auto& disk) { what(disk, n); }));
    one.judge();
  }
}

} // namespace

TEST_CASE("whichever call fails while a replica is repaired, it ends whole") {
  for (auto of : {ailment::state, ailment::log})
    whichever_call(of, [](auto& disk, auto n) { disk.fail_at(n); });
}

TEST_CASE("before whichever call power is cut meanwhile, it ends whole") {
  for (auto of : {ailment::state, ailment::log})
    whichever_call(of, [](auto& disk, auto n) {
      disk.power_off_at(n, memory_disk::cut::before);
    });
}

TEST_CASE("behind whichever call power is cut meanwhile, it ends whole") {
  for (auto of : {ailment::state, ailment::log})
    whichever_call(of, [](auto& disk, auto n) {
      disk.power_off_at(n, memory_disk::cut::after);
    });
}

TEST_CASE("a replica that leads is not repaired, and is told how to lead no "
          "more") {
  some_nodes a{3};
  auto refused = [&](shard_id which) {
    return a.repair(a.leader(which), which);
  };
  const std::string leads =
    "illegal_state (104): this replica leads its shard: expected one that "
    "follows, so have another node lead it first, by ";
  CHECK(refused({0}) == leads + "iris shard transfer");
  CHECK(refused(cluster::control_shard) == leads + "iris node drain");
}

TEST_CASE("a comparison of all shards has the control group, too") {
  // One of six has no vote in it.
  some_nodes a{6};
  std::optional<actors::compared_shards> heard;
  auto over = [&] {
    for (const auto& [id, x] : *heard)
      if (!x.found.over)
        return false;
    return true;
  };
  do {
    heard.reset();
    a.nodes[1]->node().compare_all(7, [&](const auto& x) { heard = x; });
    REQUIRE(a.here.run(10s, [&] { return heard.has_value(); }));
    a.here.run(100ms);
  } while (!over() && a.here.steady_now() < 60s);

  CHECK(over());
  CHECK(heard->size() == a.groups().size());
  for (auto which : a.groups()) {
    const auto& found = heard->at(which).found;
    CHECK(found.replicas.size() == 6);
    for (const auto& x : found.replicas)
      CHECK(x.is == cluster::standing::same);
  }
}

} // namespace repair_test
