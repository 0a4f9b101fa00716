#include "protocol/utf8.hpp"

#include <doctest/doctest.h>

#include <string>

namespace utf8_test {

using iris::protocol::is_utf8;

namespace {

/// As the Unicode standard spells characters in UTF-8, table 3-6.
std::string spelled(std::uint32_t c) {
  auto tail = [&](int shift) {
    return static_cast<char>(0x80 | ((c >> shift) & 0x3f));
  };
  if (c < 0x80)
    return {static_cast<char>(c)};
  if (c < 0x800)
    return {static_cast<char>(0xc0 | (c >> 6)), tail(0)};
  if (c < 0x10000)
    return {static_cast<char>(0xe0 | (c >> 12)), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | (c >> 18)), tail(12), tail(6), tail(0)};
}

} // namespace

TEST_CASE("every character is UTF-8, but for surrogates and beyond") {
  for (std::uint32_t c = 0; c < 0x120000; ++c) {
    bool valid = (c < 0xd800 || c > 0xdfff) && c <= 0x10ffff;
    if (is_utf8(spelled(c)) != valid)
      FAIL("character ", c);
  }
}

TEST_CASE("characters that are cut off, overlong or stray are not UTF-8") {
  for (std::string bad :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\xa0",
        "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xe2\x82", "\xfe"}) {
    CAPTURE(bad.size());
    CHECK_FALSE(is_utf8(bad));
    CHECK_FALSE(is_utf8("before" + bad + "behind"));
  }
  CHECK(is_utf8(""));
}

} // namespace utf8_test
