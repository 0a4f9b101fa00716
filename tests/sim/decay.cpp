#include "tests/sim/decay.hpp"

#include "base/assert.hpp"
#include "persistence/record_file.hpp"

#include <algorithm>
#include <vector>

namespace iris::sim {

namespace {

constexpr std::size_t sector_bytes = 512;

bool is_log_of_consensus(const std::string& path) {
  return path.find("/log/") != std::string::npos && path.ends_with(".log");
}

/// What isn't synced may be gone after any power cut: a start forgets what is
/// damaged, and mending the file brings nothing back.
bool is_log_of_state(const std::string& path) {
  return path.find("/state/") != std::string::npos && path.ends_with(".log");
}

/// Where the last whole record begins.
std::size_t last_record(std::string_view file) {
  auto end = persistence::readable_bytes(file);
  return end == 0 ? 0 : persistence::readable_bytes(file.substr(0, end - 1));
}

std::size_t bytes_at_stake(const std::string& path, std::string_view bytes) {
  if (is_log_of_state(path))
    return 0;
  return is_log_of_consensus(path) ? last_record(bytes) : bytes.size();
}

void flip_bits(std::string& bytes, std::size_t most, random_source& random) {
  for (auto n = 1 + random.below(3); n > 0; --n) {
    auto& x = bytes[random.below(most)];
    x = static_cast<char>(x ^ (1U << random.below(8)));
  }
}

void swap_sectors(std::string& bytes, std::size_t most, random_source& random) {
  auto count = most / sector_bytes;
  if (count < 2)
    return flip_bits(bytes, most, random);
  auto at = [&](std::size_t sector) {
    return bytes.begin() + static_cast<std::ptrdiff_t>(sector * sector_bytes);
  };
  auto one = random.below(count);
  auto other = (one + 1 + random.below(count - 1)) % count;
  std::swap_ranges(at(one), at(one + 1), at(other));
}

void clear_sector(std::string& bytes, std::size_t most, random_source& random) {
  auto first = random.below(most) / sector_bytes * sector_bytes;
  bytes.replace(first, std::min(sector_bytes, most - first),
                std::min(sector_bytes, most - first), '\0');
}

/// What happened to the first `most` bytes.
const char* damage(std::string& bytes, std::size_t most, bool may_shrink,
                   random_source& random) {
  switch (random.below(may_shrink ? 4 : 3)) {
  case 0:
    flip_bits(bytes, most, random);
    return "bits are flipped";
  case 1:
    swap_sectors(bytes, most, random);
    return "two sectors are swapped";
  case 2:
    clear_sector(bytes, most, random);
    return "a sector is zeros";
  default:
    bytes.resize(random.below(most));
    return "the end is gone";
  }
}

} // namespace

std::string decay::strike(memory_disk& disk, random_source& random) {
  std::vector<std::pair<std::string, std::size_t>> targets;
  auto files = disk.files();
  for (const auto& [path, bytes] : files)
    if (auto most = bytes_at_stake(path, bytes); most > 0)
      targets.emplace_back(path, most);
  IRIS_ASSERT(!targets.empty());
  const auto& [path, most] = targets[random.below(targets.size())];
  auto bytes = files.at(path);
  const char* what = nullptr;
  while (bytes == files.at(path))
    what = damage(bytes, most, !is_log_of_consensus(path), random);
  mend_ = disk.replace(path, std::move(bytes));
  return what + (" in " + path);
}

void decay::mend() {
  std::exchange(mend_, [] {})();
}

} // namespace iris::sim
