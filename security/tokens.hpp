#pragma once

#include "security/claims.hpp"
#include "security/jose.hpp"

#include <map>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace iris::security {

/// Makes tokens: JWTs (RFC 7519) signed with ES256. The only place that holds
/// the secret key. Any thread.
class token_issuer {
public:
  /// Precondition: `cluster` is not empty.
  token_issuer(std::string cluster, signing_key key);

  /// Issues a token that holds from `now`, in whole seconds.
  /// Fails with bad_field: a lifetime that is not 1 s to token_lifetime_max, no
  /// user, no role, or claims too long for a token.
  result<std::string> issue(const claims& whom, std::chrono::seconds lifetime,
                            timestamp now) const;

private:
  std::string cluster_;
  signing_key key_;
};

/// Checks tokens. It holds public keys only, and of several at once, so that
/// keys rotate without downtime: add the new key everywhere, issue with it,
/// remove the old one when its last token has expired. Any thread.
class token_verifier {
public:
  /// Precondition: `cluster` is not empty. Refuses all until a key is added.
  explicit token_verifier(std::string cluster);

  /// Replaces the key with the same kid, if there is one.
  void add(public_key key);

  /// From now on refuses what that key signed. False if there is no such key.
  bool remove(const std::string& kid);

  /// Judges any bytes. Takes about 0.1 ms if the key is known.
  /// Fails with token_expired or token_invalid, saying what was expected.
  result<issued_claims> verify(std::string_view token, timestamp now) const;

  /// All keys, sorted by kid.
  std::vector<public_key> keys() const;

private:
  std::optional<public_key> find(const std::string& kid) const;

  const std::string cluster_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, public_key> keys_;
};

/// A JWK set (RFC 7517, section 5) without any private part: what another
/// program needs to check tokens.
std::string to_jwks(std::span<const public_key> keys);

} // namespace iris::security
