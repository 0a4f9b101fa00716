#include "tests/sim/chaos.hpp"
#include "tests/sim/explain.hpp"
#include "tests/sim/fault.hpp"
#include "tests/sim/profile.hpp"
#include "tests/sim/report.hpp"
#include "tests/sim/shrink.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>
#include <sstream>

using namespace iris::sim;

namespace {

/// The faults that this program is made with, separated by spaces.
#ifndef IRIS_SIM_FAULTS
#define IRIS_SIM_FAULTS ""
#endif

/// How many problems of a run are shown.
constexpr std::size_t problems_max = 20;
/// Where fresh seeds begin: few digits are easier to say.
constexpr std::uint64_t fresh_seeds = 1'000'000'000;

struct request {
  std::uint64_t first = 1;
  std::uint64_t last = 100;
  double minutes = 0;
  bool twice = false;
  bool trace = false;
  bool shrink = false;
  bool there_and_back = false;
  std::string fault;
  /// All but the seed.
  chaos_options run;
};

std::vector<std::string> faults() {
  std::istringstream in{IRIS_SIM_FAULTS};
  return {std::istream_iterator<std::string>{in}, {}};
}

std::map<std::string, trouble> trouble_names() {
  std::map<std::string, trouble> out;
  for (std::size_t i = 0; i < troubles; ++i) {
    auto x = static_cast<trouble>(i);
    out.emplace(to_string(x), x);
  }
  return out;
}

/// "7" or "1..200"; fresh ones if empty.
std::string parse_seeds(const std::string& text, request& to) {
  if (text.empty()) {
    to.first = iris::entropy() % fresh_seeds;
    to.last = to.first + 99;
    return {};
  }
  auto dots = text.find("..");
  auto first = text.substr(0, dots);
  auto last = dots == std::string::npos ? first : text.substr(dots + 2);
  if (!CLI::detail::lexical_cast(first, to.first)
      || !CLI::detail::lexical_cast(last, to.last) || to.last < to.first)
    return "expected a seed or a range as 1..200, found " + text;
  return {};
}

std::string command(const request& what, const chaos_options& run) {
  auto out =
    (what.fault.empty() ? "iris_sim "
                        : "iris_sim_faults --fault " + what.fault + " ")
    + arguments_of(run);
  return what.twice ? out + " --twice" : out;
}

outcome run_seed(const request& what, const chaos_options& options) {
  auto out = run_chaos(options);
  if (!what.twice)
    return out;
  auto second = run_chaos(options);
  if (second.trace_hash != out.trace_hash)
    out.problems.push_back("I0: a second run of the seed went another way");
  return out;
}

chaos_options options_of(const request& what, std::uint64_t seed) {
  auto out = what.run;
  out.seed = seed;
  if (what.trace)
    out.listen = [](const std::string& x) { std::printf("%s\n", x.c_str()); };
  return out;
}

/// Something smaller that breaks the same invariant.
chaos_options smallest(const request& what, const chaos_options& from,
                       const std::string& problem) {
  auto invariant = problem.substr(0, problem.find(':') + 1);
  return shrink(from, [&](const chaos_options& x) {
    auto run = run_seed(what, x);
    return !run.problems.empty() && run.problems.front().starts_with(invariant);
  });
}

/// What happened in this run, by running it again.
void explain(const request& what, chaos_options run) {
  std::vector<std::string> trace;
  auto again = run;
  again.listen = [&](const std::string& line) { trace.push_back(line); };
  auto found = run_seed(what, again);
  std::printf("seed %llu:\n", static_cast<unsigned long long>(run.seed));
  if (found.problems.empty())
    return static_cast<void>(std::printf("is well when run again\n"));
  for (const auto& line : about(found.problems.front(), trace))
    std::printf("%s\n", line.c_str());
  std::printf("\nseed %llu has %zu problems:\n",
              static_cast<unsigned long long>(run.seed), found.problems.size());
  for (std::size_t i = 0; i < std::min(found.problems.size(), problems_max);
       ++i)
    std::printf("  %s\n", found.problems[i].c_str());
  auto repeat = command(what, run);
  std::printf("again: %s\nwhole trace: %s --trace\n", repeat.c_str(),
              repeat.c_str());
}

/// Runs seeds until one has a problem. Returns that.
std::optional<outcome> search(const request& what, report& sum) {
  std::chrono::duration<double> budget{what.minutes * 60};
  for (auto seed = what.first;; ++seed) {
    if (what.minutes > 0 ? sum.spent() >= budget : seed > what.last)
      return std::nullopt;
    if (what.there_and_back && !profile{seed}.shrinks)
      continue;
    auto run = run_seed(what, options_of(what, seed));
    sum.add(run);
    if (!run.problems.empty())
      return run;
  }
}

/// Whether a search that found nothing has shown anything.
bool was_idle(const request& what, const report& sum) {
  auto lacking = sum.lacking(what.run.nodes);
  // What a choice of seeds or faults leaves out is left out on purpose.
  if (sum.runs() > 0 && (what.there_and_back || !what.run.without.empty()))
    lacking.clear();
  for (const auto& x : lacking)
    std::printf("shows nothing: %s\n", x.c_str());
  return !lacking.empty();
}

int judge_product(const request& what) {
  std::printf("seeds from %llu on\n",
              static_cast<unsigned long long>(what.first));
  std::fflush(stdout);
  report sum;
  auto failed = search(what, sum);
  if (failed) {
    auto run = what.run;
    run.seed = failed->seed;
    if (what.shrink)
      run = smallest(what, run, failed->problems.front());
    explain(what, run);
  }
  sum.print();
  return failed || was_idle(what, sum) ? 1 : 0;
}

int judge_checks(const request& what) {
  plant(what.fault);
  report sum;
  auto caught = search(what, sum);
  if (!caught) {
    sum.print();
    std::printf("NOT CAUGHT: %s, though it happened %llu times\n",
                what.fault.c_str(),
                static_cast<unsigned long long>(fault_count()));
    return 1;
  }
  std::printf("%s: caught by seed %llu, the %zuth, in %.1f s:\n  %s\n",
              what.fault.c_str(), static_cast<unsigned long long>(caught->seed),
              sum.runs(), static_cast<double>(sum.spent().count()) / 1e9,
              caught->problems.front().c_str());
  plant({});
  auto without = run_seed(what, options_of(what, caught->seed));
  if (without.problems.empty())
    return 0;
  std::printf("NO PROOF: without it that seed has a problem too:\n  %s\n",
              without.problems.front().c_str());
  return 1;
}

void add_options(CLI::App& app, request& what, std::string& seeds,
                 std::vector<trouble>& without) {
  app.add_option("--seeds", seeds,
                 "one seed, or a range as 1..200; else 100 fresh ones");
  app.add_option("--minutes", what.minutes,
                 "from the first seed on, for this long");
  app.add_option("--nodes", what.run.nodes, "of the cluster")
    ->check(CLI::Range(1, 9));
  app.add_option("--users", what.run.users, "who talk")
    ->check(CLI::Range(2, 4));
  app
    .add_option_function<long>(
      "--storm", [&](long x) { what.run.storm = std::chrono::seconds{x}; },
      "seconds for which things go wrong")
    ->check(CLI::Range(1, 3600));
  app.add_option("--without", without, "what does not go wrong")
    ->delimiter(',')
    ->transform(CLI::CheckedTransformer{trouble_names()});
  app.add_flag("--there-and-back", what.there_and_back,
               "skip seeds unless one node grows to a cluster that shrinks "
               "back to one");
  app.add_flag("--shrink", what.shrink,
               "look for the smallest run that fails as the first that did");
  app.add_flag("--twice", what.twice,
               "run each seed twice and expect the same trace");
  app.add_flag("--trace", what.trace, "print all that happens");
  app
    .add_option("--fault", what.fault,
                "plant this fault, and expect that it is caught")
    ->check(CLI::IsMember{faults()});
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"Nodes of Iris in virtual time: what clients see while links, "
               "disks, power and the network fail, judged."};
  request what;
  std::string seeds;
  std::vector<trouble> without;
  add_options(app, what, seeds, without);
  CLI11_PARSE(app, argc, argv);
  what.run.without = {without.begin(), without.end()};
  if (auto wrong = parse_seeds(seeds, what); !wrong.empty()) {
    std::fprintf(stderr, "%s\n", wrong.c_str());
    return 2;
  }
  return what.fault.empty() ? judge_product(what) : judge_checks(what);
}
