#pragma once

#include "security/jose.hpp"
#include "security/openssl.hpp"

#include <string>
#include <string_view>

namespace iris::security::test {

/// Signs any header over any payload, with OpenSSL alone: an attacker, or a
/// second opinion on the library under test.
class forger {
public:
  /// A new P-256 key that claims to be called `kid`.
  explicit forger(std::string kid);

  public_key public_part() const;
  const std::string& public_jwk() const { return jwk_; }

  /// `header` and `payload` are signed with ES256, whatever they say.
  std::string sign(std::string_view header, std::string_view payload) const;

  /// A token that is well-formed but for `payload`.
  std::string sign(std::string_view payload) const;

private:
  std::string kid_;
  pkey_ptr key_;
  std::string jwk_;
};

/// base64url(header).base64url(payload).base64url(signature)
std::string join(std::string_view header, std::string_view payload,
                 std::string_view signature);

/// Signed with HMAC-SHA256, as HS256 wants it.
std::string sign_hs256(std::string_view header, std::string_view payload,
                       std::string_view secret);

} // namespace iris::security::test
