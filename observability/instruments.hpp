#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Counters, gauges and histograms that cost a few nanoseconds where they
/// are written: each thread adds to a cell of its own, and the cells are
/// summed when somebody looks. Adding and reading: any thread.
namespace iris::observability {

enum class unit : std::uint8_t { none, seconds, bytes };

/// What a metric is called and what it means. The views are of literals.
struct description {
  std::string_view name;
  std::string_view help; ///< one sentence, for docs/metrics.md and scrapers
  unit of = unit::none;
  /// What tells the series of a family apart; empty for a single series.
  std::string_view label = {};
};

class catalog;

/// Cells of one metric. Threads beyond this number share cells, which costs
/// time and never a count.
inline constexpr std::size_t cells_max = 16;

namespace detail {

std::size_t next_cell() noexcept;

inline constinit thread_local std::size_t cell = cells_max;

inline std::size_t this_cell() noexcept {
  if (cell == cells_max) [[unlikely]]
    cell = next_cell();
  return cell;
}

} // namespace detail

/// Only ever grows.
class counter {
public:
  counter() = default;
  counter(catalog& all, const description& about);

  void add(std::uint64_t n = 1) noexcept {
    cells_[detail::this_cell()].value.fetch_add(n, std::memory_order_relaxed);
  }

  /// Complete for every add that happened before the call.
  std::uint64_t value() const noexcept;

private:
  struct alignas(64) cell {
    std::atomic<std::uint64_t> value{0};
  };

  std::array<cell, cells_max> cells_;
};

/// A level that goes up and down.
class gauge {
public:
  gauge() = default;
  gauge(catalog& all, const description& about);

  void set(std::int64_t x) noexcept {
    value_.store(x, std::memory_order_relaxed);
  }
  void add(std::int64_t x) noexcept {
    value_.fetch_add(x, std::memory_order_relaxed);
  }
  std::int64_t value() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

private:
  std::atomic<std::int64_t> value_{0};
};

/// Durations, counted in buckets whose upper bounds are 1, 2 and 5 times the
/// powers of ten from 10 us to 100 s, and one bucket for what is longer.
class histogram {
public:
  static constexpr std::size_t bounds = 22;

  struct snapshot {
    /// Not cumulative. The last one counts what is above every bound.
    std::array<std::uint64_t, bounds + 1> counts{};
    std::chrono::nanoseconds sum{0};

    std::uint64_t count() const noexcept;
  };

  histogram() = default;
  histogram(catalog& all, const description& about);

  /// Inclusive upper bound of a bucket. Precondition: bucket < bounds.
  static constexpr std::chrono::nanoseconds bound(std::size_t bucket) noexcept {
    return std::chrono::nanoseconds{upper_ns[bucket]};
  }

  /// A negative duration counts as zero.
  void observe(std::chrono::nanoseconds x) noexcept {
    auto ns = x.count() > 0 ? static_cast<std::uint64_t>(x.count()) : 0;
    auto& mine = cells_[detail::this_cell()];
    mine.counts[bucket_of(ns)].fetch_add(1, std::memory_order_relaxed);
    mine.sum_ns.fetch_add(ns, std::memory_order_relaxed);
  }

  /// Its counts agree with each other; the sum may be ahead or behind by the
  /// observations under way.
  snapshot value() const noexcept;

private:
  static constexpr auto upper_ns = [] {
    std::array<std::uint64_t, bounds> result{};
    std::uint64_t decade = 10'000;
    for (std::size_t i = 0; i < bounds; ++i) {
      result[i] = decade * (i % 3 == 0 ? 1 : i % 3 == 1 ? 2 : 5);
      if (i % 3 == 2)
        decade *= 10;
    }
    return result;
  }();

  // By the number of bits: the first bucket that a duration may belong to.
  static constexpr auto first_bucket = [] {
    std::array<std::uint8_t, 65> result{};
    for (std::size_t bits = 1; bits < result.size(); ++bits) {
      std::uint8_t i = 0;
      while (i < bounds && upper_ns[i] < (std::uint64_t{1} << (bits - 1)))
        ++i;
      result[bits] = i;
    }
    return result;
  }();

  static std::size_t bucket_of(std::uint64_t ns) noexcept {
    std::size_t i = first_bucket[static_cast<std::size_t>(std::bit_width(ns))];
    while (i < bounds && ns > upper_ns[i])
      ++i;
    return i;
  }

  struct alignas(64) cell {
    std::array<std::atomic<std::uint64_t>, bounds + 1> counts{};
    std::atomic<std::uint64_t> sum_ns{0};
  };

  std::array<cell, cells_max> cells_;
};

/// Series of one metric that a label tells apart. The values of the label are
/// chosen by Iris (codes, actor types, shards), never by users or tenants.
template <class T>
class family {
public:
  /// Values beyond this many share the series `other`.
  static constexpr std::size_t series_max = 1024;
  static constexpr std::string_view other = "other";

  family(catalog& all, const description& about);

  /// The series of a value, made when it is first asked for. It lives as long
  /// as the family: hot paths look it up once and keep the reference.
  T& with(std::string_view value) {
    {
      std::shared_lock guard{mutex_};
      if (auto i = series_.find(value); i != series_.end())
        return i->second;
    }
    std::unique_lock guard{mutex_};
    if (series_.size() >= series_max && !series_.contains(value))
      value = other;
    return series_.try_emplace(std::string{value}).first->second;
  }

  /// Calls `f(value, series)` for every series, sorted by value.
  template <class F>
  void each(F f) const {
    std::shared_lock guard{mutex_};
    for (const auto& [value, series] : series_)
      f(std::string_view{value}, series);
  }

private:
  mutable std::shared_mutex mutex_;
  std::map<std::string, T, std::less<>> series_;
};

/// All metrics of a node, in the order they were declared.
class catalog {
public:
  using source = std::variant<const counter*, const gauge*, const histogram*,
                              const family<counter>*, const family<gauge>*>;

  struct entry {
    description about;
    source from;
  };

  void add(const description& about, source from) {
    entries_.push_back({about, from});
  }
  const std::vector<entry>& entries() const noexcept { return entries_; }

private:
  std::vector<entry> entries_;
};

template <class T>
family<T>::family(catalog& all, const description& about) {
  all.add(about, this);
}

} // namespace iris::observability
