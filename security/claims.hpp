#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace iris::security {

/// What the bearer of a token may do. In a token: "user", "operator".
enum class role : std::uint8_t {
  user,             ///< send and receive as the named user
  cluster_operator, ///< administer the cluster
};

/// Whom a token speaks for.
struct claims {
  user_id user;
  /// A token that names a device fits only that device; the caller compares.
  std::optional<device_id> device;
  std::uint32_t tenant = 1;
  std::set<role> roles{role::user};

  bool operator==(const claims&) const = default;
};

/// The claims of a token, and the token's own data. Times are whole seconds.
struct issued_claims : claims {
  /// Unique: a revocation names it.
  std::string token_id;
  timestamp issued_at;
  timestamp not_before;
  timestamp expires_at;

  bool operator==(const issued_claims&) const = default;
};

/// No token lives longer.
inline constexpr std::chrono::seconds token_lifetime_max{24 * 60 * 60};

/// How far the clocks of issuer and verifier may differ.
inline constexpr std::chrono::seconds token_leeway{30};

/// The payload of a token: a JSON object with the claims of RFC 7519, section
/// 4.1 (iss = cluster, aud = "iris:" + cluster, sub = user, iat, nbf, exp, jti)
/// and "device" (absent if none), "tenant", "roles".
std::string encode_claims(const issued_claims& x, const std::string& cluster);

/// Reads a payload, whose signature is good and whose content is still
/// untrusted. Unknown members are ignored; "nbf" may be absent, then it is iat.
/// Never throws. Fails with token_invalid, saying what was expected.
result<issued_claims> decode_claims(std::string_view payload,
                                    const std::string& cluster);

/// Whether the token holds now, within the leeway. Fails with token_expired,
/// or token_invalid if it isn't valid yet or was made to live too long.
result<void> check_times(const issued_claims& x, timestamp now);

} // namespace iris::security
