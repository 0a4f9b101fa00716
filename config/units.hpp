#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace iris::config {

/// Digits and one unit of ms, s, m, h, d: "250ms", "30s", "7d". Nothing if it
/// is something else, or more than 2^63-1 ms.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// In the largest unit that leaves no rest: 90 s is "90s", 120 s is "2m".
/// Precondition: not negative.
std::string print_duration(std::chrono::milliseconds x);

/// Digits, at most one space, and one unit of B, KiB, MiB, GiB, TiB: "64 MiB".
/// Nothing if it is something else, or more than 2^64-1 bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// In the largest unit that leaves no rest.
std::string print_size(std::uint64_t bytes);

} // namespace iris::config
