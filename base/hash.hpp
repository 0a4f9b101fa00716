#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace iris {

/// XXH3 of `bytes`, 64 bits. For placement, checksums and comparing contents
/// of one sender; not for anything an attacker gains from by a collision.
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0) noexcept;

/// First 16 bytes of SHA-256: an identity nobody can forge a twin of.
std::array<std::uint8_t, 16> digest128(std::string_view bytes);

/// Jump consistent hash (Lamping, Veach: "A Fast, Minimal Memory, Consistent
/// Hash Algorithm", 2014): maps `key` to [0, buckets), and moves 1/(n+1) of
/// the keys when a bucket is added. Precondition: buckets > 0.
std::uint32_t jump_hash(std::uint64_t key, std::uint32_t buckets) noexcept;

} // namespace iris
