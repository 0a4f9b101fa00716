#include "tests/sim/chaos.hpp"
#include "tests/sim/fault.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <sstream>

using namespace iris::sim;

namespace {

/// The faults that this program is made with, separated by spaces.
#ifndef IRIS_SIM_FAULTS
#define IRIS_SIM_FAULTS ""
#endif

/// How many lines of a trace are shown.
constexpr std::size_t trace_lines_max = 80;
/// As in 01941f2a-4f4d-7ff3-a1a3-7be5164d6bb1.
constexpr std::size_t id_digits = 36;

struct request {
  std::uint64_t first = 1;
  std::uint64_t last = 100;
  double minutes = 0;
  bool twice = false;
  bool trace = false;
  std::string fault;
};

std::vector<std::string> faults() {
  std::istringstream in{IRIS_SIM_FAULTS};
  return {std::istream_iterator<std::string>{in}, {}};
}

/// "7" or "1..200".
std::string parse_seeds(const std::string& text, request& to) {
  auto dots = text.find("..");
  auto first = text.substr(0, dots);
  auto last = dots == std::string::npos ? first : text.substr(dots + 2);
  if (!CLI::detail::lexical_cast(first, to.first)
      || !CLI::detail::lexical_cast(last, to.last) || to.last < to.first)
    return "expected a seed or a range as 1..200, found " + text;
  return {};
}

/// The sum of what runs did.
class report {
public:
  void add(const outcome& run) {
    ++runs_;
    acknowledged_ += run.acknowledged;
    delivered_ += run.delivered;
    virtual_ += run.virtual_time;
    for (const auto& [what, n] : run.faults)
      faults_[what] += n;
  }

  void print() const {
    std::chrono::duration<double> simulated = virtual_;
    std::chrono::duration<double> real = spent();
    std::printf("seeds: %zu\n", runs_);
    std::printf("acknowledged sends checked: %zu, delivered items: %zu\n",
                acknowledged_, delivered_);
    std::printf("faults:\n");
    for (const auto& [what, n] : faults_)
      std::printf("  %-28s %zu\n", what.c_str(), n);
    std::printf("virtual time: %.0f s, real time: %.1f s, ratio %.0f : 1\n",
                simulated.count(), real.count(),
                simulated.count() / std::max(real.count(), 1e-9));
  }

  std::chrono::nanoseconds spent() const {
    return iris::system_clock().steady_now() - began_;
  }
  std::size_t runs() const noexcept { return runs_; }

private:
  const std::chrono::nanoseconds began_ = iris::system_clock().steady_now();
  std::size_t runs_ = 0;
  std::size_t acknowledged_ = 0;
  std::size_t delivered_ = 0;
  std::chrono::nanoseconds virtual_{0};
  std::map<std::string, std::size_t> faults_;
};

std::string command(const request& what, std::uint64_t seed) {
  auto out =
    (what.fault.empty() ? "iris_sim" : "iris_sim_faults --fault " + what.fault)
    + " --seeds " + std::to_string(seed);
  return what.twice ? out + " --twice" : out;
}

/// The ids of messages and conversations that a text names.
std::vector<std::string> ids_in(const std::string& text) {
  std::vector<std::string> out;
  std::string word;
  for (char c : text + " ") {
    if (c == '-' || std::isxdigit(static_cast<unsigned char>(c))) {
      word += c;
      continue;
    }
    if (word.size() == id_digits)
      out.push_back(word);
    word.clear();
  }
  return out;
}

/// Of a trace, what is about the messages that a problem names, and what went
/// wrong meanwhile; the end of it if there is too much.
std::vector<std::string> about(const std::string& problem,
                               const std::vector<std::string>& trace) {
  auto ids = ids_in(problem);
  std::vector<std::string> out;
  for (const auto& line : trace) {
    auto named = ids_in(line);
    auto concerns =
      named.empty() || ids.empty()
      || std::any_of(named.begin(), named.end(), [&](const auto& x) {
           return std::find(ids.begin(), ids.end(), x) != ids.end();
         });
    if (concerns)
      out.push_back(line);
  }
  if (out.size() > trace_lines_max)
    out.erase(out.begin(), out.end() - trace_lines_max);
  return out;
}

/// What happened in this seed, by running it again.
void explain(const request& what, const outcome& run) {
  std::vector<std::string> trace;
  chaos_options again{run.seed};
  again.listen = [&](const std::string& line) { trace.push_back(line); };
  run_chaos(again);
  std::printf("seed %llu:\n", static_cast<unsigned long long>(run.seed));
  for (const auto& line : about(run.problems.front(), trace))
    std::printf("%s\n", line.c_str());
  std::printf("\nseed %llu has %zu problems:\n",
              static_cast<unsigned long long>(run.seed), run.problems.size());
  for (std::size_t i = 0; i < std::min<std::size_t>(run.problems.size(), 20);
       ++i)
    std::printf("  %s\n", run.problems[i].c_str());
  std::printf("again: %s\nwhole trace: %s --trace\n",
              command(what, run.seed).c_str(), command(what, run.seed).c_str());
}

outcome run_seed(const request& what, std::uint64_t seed) {
  chaos_options options{seed};
  if (what.trace)
    options.listen = [](const std::string& x) {
      std::printf("%s\n", x.c_str());
    };
  auto out = run_chaos(options);
  if (!what.twice)
    return out;
  auto second = run_chaos({seed});
  if (second.trace_hash != out.trace_hash)
    out.problems.push_back("a second run of the seed went another way");
  return out;
}

/// Runs seeds until one has a problem. Returns that.
std::optional<outcome> search(const request& what, report& sum) {
  std::chrono::duration<double> budget{what.minutes * 60};
  for (auto seed = what.first;; ++seed) {
    if (what.minutes > 0 ? sum.spent() >= budget : seed > what.last)
      return std::nullopt;
    auto run = run_seed(what, seed);
    sum.add(run);
    if (!run.problems.empty())
      return run;
  }
}

int judge_product(const request& what) {
  report sum;
  auto failed = search(what, sum);
  if (failed)
    explain(what, *failed);
  sum.print();
  return failed ? 1 : 0;
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
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"A whole node of Iris in virtual time: what clients see while "
               "links, disks and power fail, judged."};
  request what;
  std::string seeds = "1..100";
  app.add_option("--seeds", seeds, "one seed, or a range as 1..200");
  app.add_option("--minutes", what.minutes,
                 "from the first seed on, for this long");
  app.add_flag("--twice", what.twice,
               "run each seed twice and expect the same trace");
  app.add_flag("--trace", what.trace, "print all that happens");
  app
    .add_option("--fault", what.fault,
                "plant this fault, and expect that it is caught")
    ->check(CLI::IsMember{faults()});
  CLI11_PARSE(app, argc, argv);
  if (auto wrong = parse_seeds(seeds, what); !wrong.empty()) {
    std::fprintf(stderr, "%s\n", wrong.c_str());
    return 2;
  }
  return what.fault.empty() ? judge_product(what) : judge_checks(what);
}
