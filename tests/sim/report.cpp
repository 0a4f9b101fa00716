#include "tests/sim/report.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <vector>

namespace iris::sim {

namespace {

/// In so many runs each fault happens.
constexpr std::size_t many_runs = 100;

struct fault_class {
  int number;
  const char* name;
  bool of_several_nodes;
  /// What runs call it; what ends with a star is how that begins.
  std::vector<std::string_view> events;
};

/// docs/testing.md has the numbers.
const std::vector<fault_class>& fault_classes() {
  static const std::vector<fault_class> all{
    {1, "crash of a node", false, {"power cut", "process killed"}},
    {2, "power cut of all nodes", true, {"power cut of all nodes"}},
    {3, "pause of a node", true, {"node paused"}},
    {4, "partition", true, {"partition: *", "node link cut"}},
    {5, "frames lost, doubled, late", true, {"frame *"}},
    {6, "I/O that fails", false, {"disk failed *"}},
    {7, "full disk", false, {"disk full", "disk nearly full"}},
    {8, "slow disk", false, {"disk stalled"}},
    {9, "damaged store", true, {"store damaged"}},
    {10, "wiped or old disk", true, {"disk wiped", "old disk back"}},
    {11, "membership change", true, {"member *"}},
    {12, "copy of a shard", true, {"shard copied"}},
    {13, "clock jump", false, {"wall clock jumped"}},
    {14, "client drops and repeats", false, {"link cut", "client restarted"}},
    {15,
     "slow device, full mailbox",
     false,
     {"client stalled", "message found *", "question found *"}},
    {17, "end of a node", false, {"node told to end"}},
    {21, "overload", false, {"heavy traffic"}},
  };
  return all;
}

bool is_called(std::string_view what, std::string_view pattern) {
  if (pattern.ends_with('*'))
    return what.starts_with(pattern.substr(0, pattern.size() - 1));
  return what == pattern;
}

bool happened(const fault_class& what, const outcome& run) {
  return std::any_of(run.faults.begin(), run.faults.end(), [&](const auto& x) {
    return x.second > 0
           && std::any_of(what.events.begin(), what.events.end(),
                          [&](auto e) { return is_called(x.first, e); });
  });
}

} // namespace

void report::add(const outcome& run) {
  first_ = runs_++ == 0 ? run.seed : std::min(first_, run.seed);
  last_ = std::max(last_, run.seed);
  acknowledged_ += run.acknowledged;
  delivered_ += run.delivered;
  virtual_ += run.virtual_time;
  for (const auto& [what, n] : run.faults)
    faults_[what] += n;
  for (const auto& x : fault_classes())
    if (happened(x, run))
      for (std::size_t i = 1; i <= invariants; ++i)
        coverage_[x.number][i] += run.checked[i] > 0;
}

std::vector<std::string> report::lacking(std::size_t nodes) const {
  std::vector<std::string> out;
  if (runs_ == 0)
    out.push_back("no seed was run");
  if (acknowledged_ == 0)
    out.push_back("nothing was acknowledged");
  for (const auto& x : fault_classes())
    if (runs_ >= many_runs && (nodes > 1 || !x.of_several_nodes)
        && !coverage_.contains(x.number))
      out.push_back(std::string{"never happened: "} + x.name);
  return out;
}

void report::print() const {
  std::chrono::duration<double> simulated = virtual_;
  std::chrono::duration<double> real = spent();
  std::printf("seeds: %zu (%llu to %llu)\n", runs_,
              static_cast<unsigned long long>(first_),
              static_cast<unsigned long long>(last_));
  std::printf("acknowledged sends checked: %zu, delivered items: %zu\n",
              acknowledged_, delivered_);
  std::printf("faults:\n");
  for (const auto& [what, n] : faults_)
    std::printf("  %-30s %zu\n", what.c_str(), n);
  print_coverage();
  std::printf("virtual time: %.2f h, real time: %.1f s, ratio %.0f : 1\n",
              simulated.count() / 3600, real.count(),
              simulated.count() / std::max(real.count(), 1e-9));
}

void report::print_coverage() const {
  std::printf("runs with a fault in which an invariant was checked:\n%33s", "");
  for (std::size_t i = 1; i <= invariants; ++i)
    std::printf("  %4s", ("I" + std::to_string(i)).c_str());
  for (const auto& x : fault_classes()) {
    std::printf("\n  %2d %-28s", x.number, x.name);
    auto found = coverage_.find(x.number);
    for (std::size_t i = 1; i <= invariants; ++i)
      if (auto n = found == coverage_.end() ? 0 : found->second[i]; n > 0)
        std::printf("  %4zu", n);
      else
        std::printf("     -");
  }
  std::printf("\n");
}

} // namespace iris::sim
