#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace iris::security {

/// A longer token is refused unread.
inline constexpr std::size_t token_bytes_max = 4096;

/// A longer "kid" names no key.
inline constexpr std::size_t kid_bytes_max = 128;

/// A token of which the form is known to be good and nothing else: its
/// signature is not yet checked. `text` refers to what was parsed.
struct unverified_token {
  std::string_view text;
  std::string kid;
  std::string payload;
};

/// Reads a compact JWS (RFC 7515, section 7.1), which is untrusted bytes.
/// Accepts exactly: three parts of strict base64url; a header that is a JSON
/// object with "alg": "ES256", a "kid" of 1 to 128 bytes, and no "crit"; a
/// signature of 64 bytes. Never throws. Any thread.
/// Fails with token_invalid, saying what was expected.
result<unverified_token> parse_jws(std::string_view token);

} // namespace iris::security
