// Three nodes get another program one by one, as docs/operating/scale-out.md
// takes a node out for maintenance, while clients talk.
#include "tests/process/busy_cluster.hpp"
#include "tests/process/from_environment.hpp"

#include <doctest/doctest.h>

#include <filesystem>

namespace upgrade_test {

using namespace iris;
using namespace iris::process;

namespace {

namespace fs = std::filesystem;

/// Everybody whom the node lets go is told so; nobody is cut off.
void check_all_were_told(crowd& all) {
  for (auto& x : all.devices()) {
    CAPTURE(x->label);
    for (const auto& why : x->losses)
      CHECK_MESSAGE(why.code == errc::draining, to_string(why));
  }
}

void upgrade(real_cluster& nodes, crowd& all, std::size_t i,
             const fs::path& to) {
  auto& node = nodes[i];
  auto name = "node " + std::to_string(i + 1);
  auto drain = "node drain " + std::to_string(i + 1);
  operate(all, node, drain + " --wait", name + " leads nothing any more");
  run_until(all, [&] { return node.connections() == 0; });
  acknowledge(all, 100);
  stop(all, node);
  acknowledge(all, 100);
  check_store(node);
  node.use_program(to);
  node.start();
  CHECK(node.running_program() == to);
  operate(all, nodes[(i + 1) % nodes.count()], drain + " --off --wait",
          name + " takes clients and leads again");
  nodes.await_ready();
}

} // namespace

TEST_CASE("three nodes get another program one by one, and clients notice "
          "nothing") {
  real_cluster nodes;
  auto to = nodes[0].program();
  auto home = *bench::scratch_directory::make(fs::temp_directory_path());
  auto copy = home.path() / "irisd";
  fs::copy_file(to, copy);
  fs::path from = text_from("IRIS_PROCESS_OLD_IRISD", copy.string());
  for (std::size_t i = 0; i < nodes.count(); ++i)
    nodes[i].use_program(from);
  crowd all{started(nodes), {1}};
  all.begin();
  all.load();
  for (auto& x : all.devices())
    x->losses.clear();

  for (std::size_t i = 0; i < nodes.count(); ++i) {
    CAPTURE(i);
    acknowledge(all, 100);
    CHECK(nodes[i].running_program() == from);
    upgrade(nodes, all, i, to);
    check_all_were_told(all);
  }

  acknowledge(all, 100);
  check_all_were_told(all);
  // Wherever they are, all nodes stop.
  REQUIRE(all.everybody([](auto& x) { return !x.losses.empty(); }));
  check_all(nodes, all);
}

} // namespace upgrade_test
