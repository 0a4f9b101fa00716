#include "base/hash.hpp"

#include <doctest/doctest.h>

#include <string>

namespace hash_test {

using namespace iris;

TEST_CASE("hashes are those of the published test vectors") {
  // XXH3 of nothing, and SHA-256 of "abc" (FIPS 180-4).
  CHECK(hash64("") == 0x2d06800538d394c2ULL);
  auto digest = digest128("abc");
  CHECK(digest[0] == 0xba);
  CHECK(digest[1] == 0x78);
  CHECK(digest[15] == 0x23);
}

TEST_CASE("a new bucket takes its share and moves nothing else") {
  constexpr std::uint32_t before = 16;
  constexpr int keys = 17'000;
  int moved = 0;

  for (std::uint64_t i = 0; i < keys; ++i) {
    auto key = hash64(std::to_string(i));
    auto old_place = jump_hash(key, before);
    auto new_place = jump_hash(key, before + 1);
    if (old_place != new_place) {
      ++moved;
      CHECK(new_place == before);
    }
  }

  CHECK(moved > keys / 17 * 9 / 10);
  CHECK(moved < keys / 17 * 11 / 10);
}

} // namespace hash_test
