// The disk of one of three nodes is full: what can't be written is refused or
// led elsewhere, and nothing is lost, doubled or reordered.
#include "persistence/keys.hpp"
#include "tests/process/busy_cluster.hpp"
#include "tests/process/small_disk.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>

using namespace iris;
using namespace iris::process;

namespace {

constexpr std::uint64_t mib = 1 << 20;
constexpr std::uint64_t disk_bytes = 128 * mib;

bool may_mount() {
  auto yes = small_disk::permitted();
  if (!yes)
    MESSAGE("skipped: this process may not mount a small disk");
  return yes;
}

/// Three nodes, each on a small disk of its own of which something else takes
/// all but `left`.
struct tight_cluster {
  tight_cluster(const std::string& reserve, std::uint64_t left)
    : nodes(real_cluster::size, 0,
            "[storage]\nreserve = \"" + reserve + "\"\n") {
    for (std::size_t i = 0; i < nodes.count(); ++i)
      disks.emplace_back(nodes[i].data_dir(), disk_bytes).fill(left);
  }

  real_cluster nodes;
  std::deque<small_disk> disks;
};

struct busy_tight_cluster : tight_cluster {
  busy_tight_cluster(const std::string& reserve, std::uint64_t left)
    : tight_cluster(reserve, left), all(started(nodes), {1}) {
    all.begin();
    all.load();
  }

  crowd all;
};

/// Who leads the shard of what these two say to each other.
std::size_t leader_of(const real_cluster& nodes, const user_id& one,
                      const user_id& other) {
  auto home = persistence::shard_of(
    {persistence::actor_kind::conversation, persistence::main_tenant,
     std::string{direct_conversation(one, other).bytes()}},
    real_cluster::shards);
  auto series =
    "iris_shard_leader{shard=\"" + std::to_string(home.value) + "\"}";
  for (std::size_t i = 0; i < nodes.count(); ++i)
    if (nodes[i].metrics()[series] == 1)
      return i;
  throw std::runtime_error("nobody leads shard " + std::to_string(home.value));
}

bool one_answered(const crowd& all, const std::vector<message_id>& of) {
  return std::any_of(of.begin(), of.end(),
                     [&](const auto& x) { return all.answered({x}); });
}

} // namespace

TEST_CASE("a node without room refuses what it leads until it has some") {
  if (!may_mount())
    return;
  constexpr auto reserve = 16 * mib;
  busy_tight_cluster a{"16 MiB", disk_bytes};
  auto& nodes = a.nodes;
  auto& all = a.all;

  for (const auto& [one, other] :
       std::vector<std::pair<int, int>>{{0, 1}, {3, 4}}) {
    acknowledge(all, 100);
    auto full = leader_of(nodes, all.users()[one], all.users()[other]);
    CAPTURE(full);
    auto& node = nodes[full];

    a.disks[full].fill(reserve - mib);
    run_until(all, [&] { return node.metrics().at("iris_storage_full") == 1; });
    auto refused = all.counts().no_room;
    auto written = all.write_to_all();
    run_until(all, [&] { return all.counts().no_room > refused; });

    auto ready = node.get("/readyz");
    CHECK(ready.status == 503);
    CHECK(ready.body.find("expected more free space on the disk")
          != std::string::npos);
    // What others lead goes on.
    run_until(all, [&] { return one_answered(all, written); });

    a.disks[full].make_room();
    run_until(all, [&] { return node.get("/readyz").status == 200; });
    acknowledge(all, 100);
  }

  check_all(nodes, all);
}

TEST_CASE("a node whose disk has no byte left is replaced, and comes back") {
  if (!may_mount())
    return;
  // Too little for a log to have room ahead.
  busy_tight_cluster a{"0 MiB", 8 * mib};
  auto& nodes = a.nodes;
  auto& all = a.all;
  acknowledge(all, 100);
  auto full = nodes.busiest();
  auto& node = nodes[full];

  for (std::size_t i = 0; i < nodes.count(); ++i)
    if (i == full)
      a.disks[i].fill(0);
    else
      a.disks[i].make_room();
  run_until(
    all, [&] { return node.log().find("shard stopped") != std::string::npos; });
  auto written = all.write_to_all();
  run_until(all, [&] { return all.answered(written); });
  CHECK(node.get("/readyz").status == 503);

  a.disks[full].make_room();
  node.kill();
  check_store(node);
  node.start();
  nodes.await_ready();
  acknowledge(all, 100);
  check_all(nodes, all);
}
