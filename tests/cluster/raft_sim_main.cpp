#include "tests/cluster/raft_sim.hpp"
#include "tests/cluster/seed_program.hpp"

using namespace iris;
using namespace iris::test;

namespace {

/// What went wrong with a seed; empty if nothing.
std::string run(std::uint64_t seed, bool strict, seed_program::counts& sums) {
  raft_sim it{seed, strict};
  std::string out;
  try {
    it.run();
  } catch (const std::exception& x) {
    out = std::string{x.what()} + '\n' + it.describe();
  }
  for (const auto& [what, n] : it.done())
    sums[what] += n;
  sums["acknowledged"] += it.judge().acknowledgements();
  sums["terms with a leader"] += it.judge().elections();
  auto seconds = std::chrono::floor<std::chrono::seconds>(it.now());
  sums["virtual seconds"] += static_cast<std::size_t>(seconds.count());
  return out;
}

} // namespace

int main(int argc, char** argv) {
  seed_program all{"raft_sim",
                   "Consensus cores under everything that may go wrong", run};
  return all.main(argc, argv);
}
