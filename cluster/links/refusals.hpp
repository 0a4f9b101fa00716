#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace iris::cluster {

/// Which refusals are worth a line in the log: strangers choose how many there
/// are, and partly what their reasons say. One thread at a time.
class refusals {
public:
  /// Between two lines with the same reason.
  static constexpr std::chrono::minutes pause{1};
  /// Reasons that are told apart within a pause; all others are one.
  static constexpr std::size_t reasons_max = 32;

  /// Whether to say this one, at `now` of the steady clock; and if so, how many
  /// were not said before it.
  std::optional<std::uint64_t> say(const std::string& reason,
                                   std::chrono::nanoseconds now);

private:
  struct line {
    std::chrono::nanoseconds said;
    std::uint64_t unsaid = 0;
  };

  void forget_old(std::chrono::nanoseconds now);

  std::map<std::string, line> lines_;
  std::uint64_t forgotten_ = 0; ///< unsaid ones whose reason made room
};

} // namespace iris::cluster
