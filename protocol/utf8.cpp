#include "protocol/utf8.hpp"

#include <cstddef>
#include <cstdint>

namespace iris::protocol {

namespace {

/// A row of table 3-7 of the Unicode standard: which first bytes lead how many
/// more, and what the second byte may be. Later bytes are 80 to BF.
struct form {
  std::uint8_t first_min, first_max;
  std::size_t length;
  std::uint8_t second_min, second_max;
};

constexpr form forms[] = {
  {0x00, 0x7f, 1, 0x00, 0x00}, {0xc2, 0xdf, 2, 0x80, 0xbf},
  {0xe0, 0xe0, 3, 0xa0, 0xbf}, {0xe1, 0xec, 3, 0x80, 0xbf},
  {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
  {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf},
  {0xf4, 0xf4, 4, 0x80, 0x8f},
};

bool within(char c, std::uint8_t min, std::uint8_t max) {
  auto x = static_cast<std::uint8_t>(c);
  return min <= x && x <= max;
}

} // namespace

std::size_t character_bytes(std::string_view bytes) noexcept {
  for (const auto& x : forms) {
    if (!within(bytes[0], x.first_min, x.first_max))
      continue;
    if (bytes.size() < x.length)
      return 0;
    if (x.length > 1 && !within(bytes[1], x.second_min, x.second_max))
      return 0;
    for (std::size_t i = 2; i < x.length; ++i)
      if (!within(bytes[i], 0x80, 0xbf))
        return 0;
    return x.length;
  }
  return 0;
}

bool is_utf8(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    auto length = character_bytes(bytes);
    if (length == 0)
      return false;
    bytes.remove_prefix(length);
  }
  return true;
}

} // namespace iris::protocol
