#include "tests/cluster/seed_program.hpp"
#include "tests/sim/moving_group.hpp"

using namespace iris;

int main(int argc, char** argv) {
  test::seed_program all{
    "group_sim", "Groups that move between nodes while everything goes wrong",
    [](std::uint64_t seed, bool, test::seed_program::counts& sums) {
      return sim::move_in_a_storm(seed, sums);
    }};
  return all.main(argc, argv);
}
