// The disk of one of three nodes is full: what can't be written is refused or
// led elsewhere, and nothing is lost, doubled or reordered.
#include "tests/process/busy_cluster.hpp"
#include "tests/process/small_disk.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>

namespace full_disk_test {

using namespace iris;
using namespace iris::process;

namespace {

constexpr std::uint64_t mib = 1 << 20;
constexpr std::uint64_t disk_bytes = 128 * mib;

bool may_mount() {
  if (small_disk::permitted())
    return true;
  MESSAGE("skipped: this process may not mount a small disk");
  return false;
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

using letters = std::map<message_id, conversation_id>;

/// Those that another node orders than that one, as it is now.
letters led_elsewhere(letters all, const real_cluster& nodes,
                      std::size_t than) {
  auto led = nodes.shards_led_by(than);
  std::erase_if(all, [&](const auto& x) {
    return led.contains(real_cluster::home_of(x.second));
  });
  return all;
}

/// Of what the users write to each other, how much each node orders.
std::vector<std::size_t> shares(const crowd& all, const real_cluster& nodes) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < nodes.count(); ++i) {
    auto led = nodes.shards_led_by(i);
    std::size_t share = 0;
    for (const auto& a : all.users())
      for (const auto& b : all.users())
        share += led.count(real_cluster::home_of(direct_conversation(a, b)));
    out.push_back(share);
  }
  return out;
}

/// A node that orders some of that, as others do: most of it, or least.
std::size_t one_that_orders(bool most, crowd& all, const real_cluster& nodes) {
  std::size_t out = 0;
  run_until(all, [&] {
    auto found = shares(all, nodes);
    for (std::size_t i = 0; i < found.size(); ++i)
      if (found[i] > 0 && (found[out] == 0 || (found[i] > found[out]) == most))
        out = i;
    return std::count(found.begin(), found.end(), 0) < 2;
  });
  return out;
}

bool answered(const crowd& all, const letters& what) {
  return std::all_of(what.begin(), what.end(),
                     [&](const auto& x) { return all.answered(x.first); });
}

} // namespace

TEST_CASE("a node without room refuses what it leads until it has some") {
  if (!may_mount())
    return;
  constexpr auto reserve = 16 * mib;
  busy_tight_cluster a{"16 MiB", disk_bytes};
  auto& nodes = a.nodes;
  auto& all = a.all;

  for (auto most : {false, true}) {
    CAPTURE(most);
    acknowledge(all, 100);
    auto full = one_that_orders(most, all, nodes);
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
    // All that others lead goes on.
    auto elsewhere = led_elsewhere(written, nodes, full);
    CHECK(elsewhere.size() > 0);
    run_until(
      all, [&] { return answered(all, led_elsewhere(written, nodes, full)); });

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
  run_until(all, [&] { return answered(all, written); });
  CHECK(node.get("/readyz").status == 503);

  a.disks[full].make_room();
  node.kill();
  check_store(node);
  node.start();
  nodes.await_ready();
  acknowledge(all, 100);
  check_all(nodes, all);
}

} // namespace full_disk_test
