#include "config/utf8.hpp"

#include <cstddef>
#include <cstdint>

namespace iris::config {

namespace {

// How many bytes follow a first byte, and where the first of them must lie.
struct form {
  std::size_t following;
  std::uint8_t least;
  std::uint8_t most;
};

constexpr form none{0, 1, 0};

constexpr form form_of(std::uint8_t first) {
  if (first < 0x80)
    return {0, 0, 0};
  if (first < 0xc2 || first > 0xf4)
    return none;
  if (first < 0xe0)
    return {1, 0x80, 0xbf};
  if (first < 0xf0)
    return {2, static_cast<std::uint8_t>(first == 0xe0 ? 0xa0 : 0x80),
            static_cast<std::uint8_t>(first == 0xed ? 0x9f : 0xbf)};
  return {3, static_cast<std::uint8_t>(first == 0xf0 ? 0x90 : 0x80),
          static_cast<std::uint8_t>(first == 0xf4 ? 0x8f : 0xbf)};
}

bool within(char c, const form& x) {
  auto byte = static_cast<std::uint8_t>(c);
  return byte >= x.least && byte <= x.most;
}

} // namespace

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    auto x = form_of(static_cast<std::uint8_t>(text.front()));
    if (x.least > x.most || text.size() <= x.following)
      return false;
    if (x.following > 0 && !within(text[1], x))
      return false;
    for (std::size_t i = 2; i <= x.following; ++i)
      if (!within(text[i], {0, 0x80, 0xbf}))
        return false;
    text.remove_prefix(x.following + 1);
  }
  return true;
}

} // namespace iris::config
