#include "apps/bench/report.hpp"

namespace iris::bench {

void report::add(const std::string& name, const histogram& ns) {
  auto us = [](std::uint64_t x) { return static_cast<double>(x) / 1000; };
  add(name + "_p50", us(ns.percentile(50)), "us");
  add(name + "_p99", us(ns.percentile(99)), "us");
  add(name + "_p99_9", us(ns.percentile(99.9)), "us");
  add(name + "_max", us(ns.max()), "us");
}

} // namespace iris::bench
