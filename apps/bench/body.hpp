#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace iris::bench {

/// What a measured message says of itself, so that whoever receives it can
/// tell that it is whole, whose it is, which one it is, and how old. As bytes:
///   checksum u64 | sender u32 | number u64 | sent_ns u64 | filler
/// big-endian; the checksum is XXH3 of all behind it.
struct body {
  static constexpr std::size_t bytes_min = 28;

  std::uint32_t sender = 0;
  /// 1, 2, 3, … for each sender.
  std::uint64_t number = 0;
  /// On the steady clock of the load generator.
  std::uint64_t sent_ns = 0;

  bool operator==(const body&) const = default;
};

/// Of `bytes` bytes, at least bytes_min. The filler doesn't compress.
std::string make_body(const body& what, std::size_t bytes);

/// Nothing if it is not what make_body made, to the last bit.
std::optional<body> read_body(std::string_view in);

} // namespace iris::bench
