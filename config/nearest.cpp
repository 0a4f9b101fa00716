#include "config/nearest.hpp"

#include <algorithm>
#include <vector>

namespace iris::config {

namespace {

constexpr std::size_t name_bytes_max = 64;

// One typing error in four letters still is the same word; in a word of two,
// it is another.
std::size_t errors_max(std::string_view known) {
  return known.size() < 3 ? 0 : std::clamp<std::size_t>(known.size() / 4, 1, 3);
}

bool could_be_close(std::string_view a, std::string_view known) {
  auto longer = std::max(a.size(), known.size());
  auto shorter = std::min(a.size(), known.size());
  return longer <= name_bytes_max && longer - shorter <= errors_max(known);
}

std::string_view last_part(std::string_view name) {
  return name.substr(name.rfind('.') + 1);
}

} // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Rows of the table, for the prefixes of `a`: the last two and the current.
  std::vector<std::size_t> before(b.size() + 1), last(before), row(before);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before, last);
    std::swap(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::string_view closest(std::string_view name,
                         std::span<const std::string_view> known) {
  std::string_view best;
  auto best_distance = name_bytes_max;
  for (auto candidate : known) {
    if (!could_be_close(name, candidate))
      continue;
    auto distance = edit_distance(name, candidate);
    if (distance <= errors_max(candidate) && distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string_view nearest(std::string_view name,
                         std::span<const std::string_view> known) {
  if (auto best = closest(name, known); !best.empty() || name.empty())
    return best;
  auto related = [=](std::string_view x) {
    return x.starts_with(name) || last_part(x) == last_part(name);
  };
  auto first = std::find_if(known.begin(), known.end(), related);
  auto only =
    first != known.end() && std::none_of(first + 1, known.end(), related);
  return only ? *first : std::string_view{};
}

} // namespace iris::config
