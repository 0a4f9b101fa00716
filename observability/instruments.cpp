#include "observability/instruments.hpp"

#include <numeric>

namespace iris::observability {

std::size_t detail::next_cell() noexcept {
  static constinit std::atomic<std::size_t> next{0};
  return next.fetch_add(1, std::memory_order_relaxed) % cells_max;
}

counter::counter(catalog& all, const description& about) {
  all.add(about, this);
}

std::uint64_t counter::value() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& x : cells_)
    sum += x.value.load(std::memory_order_relaxed);
  return sum;
}

gauge::gauge(catalog& all, const description& about) {
  all.add(about, this);
}

histogram::histogram(catalog& all, const description& about) {
  all.add(about, this);
}

histogram::snapshot histogram::value() const noexcept {
  snapshot result;
  for (const auto& x : cells_) {
    for (std::size_t i = 0; i <= bounds; ++i)
      result.counts[i] += x.counts[i].load(std::memory_order_relaxed);
    result.sum +=
      std::chrono::nanoseconds{x.sum_ns.load(std::memory_order_relaxed)};
  }
  return result;
}

std::uint64_t histogram::snapshot::count() const noexcept {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

} // namespace iris::observability
