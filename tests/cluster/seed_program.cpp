#include "tests/cluster/seed_program.hpp"

#include "base/clock.hpp"
#include "tests/sim/fault.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#ifdef IRIS_SIM_FAULTS
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#endif
#include <sys/wait.h>
#include <unistd.h>

namespace iris::test {

namespace {

struct request {
  std::uint64_t first = 1;
  std::uint64_t last = 100;
  std::string fault;
  bool effects = false;
  bool schedules = true;
};

/// What a fault is to blame for does not happen without it.
bool well_without(const seed_program& program, std::uint64_t seed,
                  bool strict) {
  seed_program::counts ignored;
  sim::plant({});
  auto problem = program.run(seed, strict, ignored);
  if (!problem.empty())
    std::printf("no proof: without it that seed has a problem too: %s",
                problem.c_str());
  return problem.empty();
}

/// The program's exit code.
int run(const seed_program& program, const request& what) {
  const auto began = system_clock().steady_now();
  seed_program::counts sums;
  auto caught = false;
  auto seed = what.first;
  for (; seed <= what.last && !caught; ++seed) {
    auto problem = program.run(seed, !what.effects, sums);
    caught = !problem.empty();
    if (caught)
      std::printf("seed %llu: %s", static_cast<unsigned long long>(seed),
                  problem.c_str());
  }
  auto n = seed - what.first;
  std::printf("%llu seeds\n", static_cast<unsigned long long>(n));
  for (const auto& [name, x] : sums)
    std::printf("  %-20s %zu\n", name.c_str(), x);
  std::chrono::duration<double> spent = system_clock().steady_now() - began;
  std::printf("%.1f s\n", spent.count());
  if (n == 0)
    std::printf("no seed was run\n");
  if (what.fault.empty())
    return caught || n == 0 ? 1 : 0;
  std::printf("fault %s happened %llu times and was %s\n", what.fault.c_str(),
              static_cast<unsigned long long>(sim::fault_count()),
              caught ? "caught" : "not caught");
  return caught && well_without(program, seed - 1, !what.effects) ? 0 : 1;
}

/// Whether one of the schedules, where this program has them, does not pass.
bool caught_by_schedule() {
#ifdef IRIS_SIM_FAULTS
  doctest::Context all;
  all.setOption("no-version", true);
  all.setOption("no-intro", true);
  return all.run() != 0;
#else
  return false;
#endif
}

/// In another process, since a fault may also be the end of that one: the
/// library that is misused does not check what it is given.
int run_apart(const seed_program& program, const request& what) {
  std::fflush(stdout);
  auto child = fork();
  if (child == 0) {
    auto caught = what.schedules && caught_by_schedule();
    if (caught)
      std::printf("fault %s was caught by a schedule\n", what.fault.c_str());
    auto code = caught ? 0 : run(program, what);
    std::fflush(stdout);
    _exit(code);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child)
    return 2;
  if (WIFEXITED(status))
    return WEXITSTATUS(status);
  std::printf("fault %s was caught: signal %d\n", what.fault.c_str(),
              WTERMSIG(status));
  return 0;
}

} // namespace

int seed_program::main(int argc, char** argv) const {
  CLI::App app{description, name};
  request what;
  std::string seeds = "1..100";
  app.add_option("--seeds", seeds, "A seed, or a range as 1..200");
  app.add_option("--fault", what.fault, "Plants this one, if it is built in");
  app.add_flag("--effects", what.effects,
               "Only what hurts: not what replicas said too early");
  app.add_flag("!--no-schedules", what.schedules,
               "With a fault: only seeds, not the scripted schedules first");
  CLI11_PARSE(app, argc, argv);
  auto dots = seeds.find("..");
  auto last = dots == std::string::npos ? seeds : seeds.substr(dots + 2);
  if (!CLI::detail::lexical_cast(seeds.substr(0, dots), what.first)
      || !CLI::detail::lexical_cast(last, what.last)) {
    std::printf("expected a seed or a range as 1..200, found %s\n",
                seeds.c_str());
    return 2;
  }
  sim::plant(what.fault);
  return what.fault.empty() ? ::iris::test::run(*this, what)
                            : run_apart(*this, what);
}

} // namespace iris::test
