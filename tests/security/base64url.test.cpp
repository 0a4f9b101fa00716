#include "security/base64url.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace base64url_test {

using namespace iris::security;

TEST_CASE("base64url is that of the published test vectors") {
  // RFC 4648, section 10, without the padding.
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg"},
                                                         {"fo", "Zm8"},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg"},
                                                         {"fooba", "Zm9vYmE"},
                                                         {"foobar", "Zm9vYmFy"},
                                                         {"\xfb\xff", "-_8"}};
  for (const auto& [bytes, text] : vectors) {
    CHECK(to_base64url(bytes) == text);
    CHECK(from_base64url(text) == bytes);
  }
}

TEST_CASE("what was written in base64url is read back") {
  CHECK(rc::check([](const std::string& bytes) {
    RC_ASSERT(from_base64url(to_base64url(bytes)) == bytes);
  }));
}

TEST_CASE("bytes have one spelling in base64url") {
  CHECK(rc::check([](const std::string& noise) {
    auto bytes = from_base64url(noise);
    RC_ASSERT((!bytes || to_base64url(*bytes) == noise));
  }));
  // All texts of two characters: only those whose last four bits are zero.
  int accepted = 0;
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      std::string text{static_cast<char>(a), static_cast<char>(b)};
      auto bytes = from_base64url(text);
      accepted += bytes.has_value();
      CHECK((!bytes || to_base64url(*bytes) == text));
    }
  }
  CHECK(accepted == 256);
}

TEST_CASE("padding, blanks and the other alphabet are refused") {
  for (std::string bad : {"Zg==", "Zg=", "Zm 9v", "Zm9v\n", "+/8", "Z", "Zh"})
    CHECK_FALSE(from_base64url(bad));
}

} // namespace base64url_test
