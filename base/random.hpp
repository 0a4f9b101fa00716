#pragma once

#include <cstdint>

namespace iris {

/// A small seeded generator (SplitMix64: Steele, Lea, Flood, OOPSLA 2014).
/// The same seed gives the same numbers everywhere. Not for secrets.
class random_source {
public:
  explicit random_source(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  /// Uniform enough in [0, n) for n far below 2^64. Precondition: n > 0.
  std::uint64_t below(std::uint64_t n) noexcept { return next() % n; }

  /// True in `percent` of all calls.
  bool chance(unsigned percent) noexcept { return below(100) < percent; }

private:
  std::uint64_t state_;
};

/// A seed nobody can guess, from the operating system.
std::uint64_t entropy();

} // namespace iris
