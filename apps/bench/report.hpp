#pragma once

#include "apps/bench/checker.hpp"
#include "apps/bench/histogram.hpp"
#include "apps/bench/process.hpp"

#include <string>
#include <vector>

namespace iris::bench {

struct figure {
  std::string name;
  double value = 0;
  /// The last part of the JSON's name, too.
  std::string unit;
};

/// What came out of a run, and what it has to be read with.
struct report {
  std::string bench;
  std::vector<figure> figures;
  faults found;
  machine on;
  /// "tmpfs" where the node's store is, "disk", or "unknown".
  std::string store = "unknown";

  bool ok() const noexcept { return !found.any(); }

  void add(std::string name, double value, std::string unit) {
    figures.push_back({std::move(name), value, std::move(unit)});
  }
  /// p50, p99, p99.9 and the greatest, in microseconds.
  void add(const std::string& name, const histogram& ns);
};

} // namespace iris::bench
