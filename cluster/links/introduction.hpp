#pragma once

#include "cluster/links/links.hpp"

#include <string_view>

namespace iris::cluster {

/// What each end of a link says of itself first, and both sign. As bytes:
///   min u8 | max u8 | node u64 | cluster bytes | to u64 | store u64
///   | incarnation u64 | founding u64 | past bytes | nonce bytes
///   | shards u16 | urls: count u8, each bytes | …
/// Later versions only append to this, and who doesn't know what is appended
/// ignores it: so any two can at least tell each other why they don't link.
struct introduction {
  frame_versions speaks;
  link_peer from;
  std::string cluster;
  node_id to;
  std::string nonce; ///< 32 bytes that nobody can guess
};

std::string encode(const introduction& x);

/// Fails with bad_frame.
result<introduction> decode_introduction(std::string_view words);

/// The highest that both speak; 0: none.
std::uint8_t common_version(const frame_versions& one,
                            const frame_versions& other);

} // namespace iris::cluster
