#include "apps/bench/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace iris::bench {

void histogram::record(std::uint64_t value) noexcept {
  ++counts_[cell_of(value)];
  ++count_;
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value);
}

double histogram::mean() const noexcept {
  return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

std::uint64_t histogram::percentile(double percent) const noexcept {
  auto wanted = static_cast<std::uint64_t>(
    std::ceil(percent / 100 * static_cast<double>(count_)));
  wanted = std::max<std::uint64_t>(wanted, 1);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < cells; ++i) {
    seen += counts_[i];
    if (seen >= wanted)
      return std::min(bound_of(i), max_);
  }
  return max_;
}

std::size_t histogram::cell_of(std::uint64_t value) noexcept {
  if (value < parts)
    return value;
  auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - bits;
  // The top bit of what is left stands for this power of two itself.
  return parts * shift + (value >> shift);
}

std::uint64_t histogram::bound_of(std::size_t cell) noexcept {
  if (cell < 2 * parts)
    return cell;
  auto shift = cell / parts - 1;
  auto top = cell % parts + parts;
  return ((top + 1) << shift) - 1;
}

} // namespace iris::bench
