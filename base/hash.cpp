#include "base/hash.hpp"

#include <algorithm>
#include <openssl/sha.h>
#include <xxhash.h>

namespace iris {

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

std::array<std::uint8_t, 16> digest128(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> full;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         full.data());
  std::array<std::uint8_t, 16> half;
  std::copy_n(full.begin(), half.size(), half.begin());
  return half;
}

std::uint32_t jump_hash(std::uint64_t key, std::uint32_t buckets) noexcept {
  std::int64_t bucket = -1;
  std::int64_t next = 0;
  while (next < static_cast<std::int64_t>(buckets)) {
    bucket = next;
    key = key * 2862933555777941757ULL + 1;
    next =
      static_cast<std::int64_t>(static_cast<double>(bucket + 1)
                                * (static_cast<double>(1LL << 31)
                                   / static_cast<double>((key >> 33) + 1)));
  }
  return static_cast<std::uint32_t>(bucket);
}

} // namespace iris
