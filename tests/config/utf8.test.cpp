#include "config/utf8.hpp"

#include <doctest/doctest.h>

#include <string>

namespace utf8_test {

using iris::config::is_utf8;

TEST_CASE("text of one to four bytes a letter is UTF-8") {
  for (std::string good :
       {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
        "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
        "a\xc3\xa4z"})
    CHECK(is_utf8(good));
  CHECK(is_utf8({"\0", 1}));
}

TEST_CASE("overlong forms, surrogates and what ends early are not UTF-8") {
  for (std::string bad :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x7f", "\xc2\xc0",
        "\xe0\x9f\xbf", "\xe1\x80", "\xe1\x80\x7f", "\xed\xa0\x80",
        "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff", "a\xe9"})
    CHECK_FALSE(is_utf8(bad));
}

} // namespace utf8_test
