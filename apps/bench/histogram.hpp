#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace iris::bench {

/// Counts values of any size in 58 KiB, each to within one part in 128: powers
/// of two, divided into 128 equal parts (as Tene's HdrHistogram does).
class histogram {
public:
  void record(std::uint64_t value) noexcept;

  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t max() const noexcept { return max_; }
  double mean() const noexcept;

  /// The smallest bound that at least `percent` of all values keep to, never
  /// above max(). 0 if there are none. Precondition: 0 <= percent <= 100.
  std::uint64_t percentile(double percent) const noexcept;

private:
  static constexpr unsigned bits = 7;
  static constexpr std::uint64_t parts = std::uint64_t{1} << bits;
  static constexpr std::size_t cells = parts * (64 - bits + 1);

  static std::size_t cell_of(std::uint64_t value) noexcept;
  /// The greatest value of a cell.
  static std::uint64_t bound_of(std::size_t cell) noexcept;

  std::array<std::uint64_t, cells> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
  double sum_ = 0;
};

} // namespace iris::bench
