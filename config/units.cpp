#include "config/units.hpp"

#include "base/assert.hpp"

#include <charconv>
#include <limits>
#include <span>

namespace iris::config {

namespace {

struct unit {
  std::string_view name;
  std::uint64_t factor;
};

// Smallest first, each a multiple of the one before.
constexpr unit time_units[] = {
  {"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000},
};
constexpr unit size_units[] = {
  {"B", 1},
  {"KiB", 1ULL << 10},
  {"MiB", 1ULL << 20},
  {"GiB", 1ULL << 30},
  {"TiB", 1ULL << 40},
};

struct amount {
  std::uint64_t count = 0;
  std::string_view rest;
};

std::optional<amount> leading_count(std::string_view text) {
  amount x;
  auto end = text.data() + text.size();
  auto [stop, failure] = std::from_chars(text.data(), end, x.count);
  if (failure != std::errc{})
    return std::nullopt;
  x.rest = text.substr(static_cast<std::size_t>(stop - text.data()));
  return x;
}

std::optional<std::uint64_t> scale(const amount& x, std::span<const unit> units,
                                   std::uint64_t most) {
  for (const auto& u : units)
    if (x.rest == u.name && x.count <= most / u.factor)
      return x.count * u.factor;
  return std::nullopt;
}

std::string print(std::uint64_t x, std::span<const unit> units,
                  std::string_view separator) {
  auto u = units.size() - 1;
  while (u > 0 && (x == 0 || x % units[u].factor != 0))
    --u;
  auto text = std::to_string(x / units[u].factor);
  return text.append(separator).append(units[u].name);
}

} // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  auto x = leading_count(text);
  auto ms = x ? scale(*x, time_units, most) : std::nullopt;
  if (!ms)
    return std::nullopt;
  return std::chrono::milliseconds{static_cast<std::int64_t>(*ms)};
}

std::string print_duration(std::chrono::milliseconds x) {
  IRIS_ASSERT(x.count() >= 0);
  // Nothing at all reads better in seconds.
  if (x.count() == 0)
    return "0s";
  return print(static_cast<std::uint64_t>(x.count()), time_units, "");
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  auto x = leading_count(text);
  if (!x)
    return std::nullopt;
  if (x->rest.starts_with(' '))
    x->rest.remove_prefix(1);
  return scale(*x, size_units, std::numeric_limits<std::uint64_t>::max());
}

std::string print_size(std::uint64_t bytes) {
  return print(bytes, size_units, " ");
}

} // namespace iris::config
