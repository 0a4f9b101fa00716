#pragma once

#include "base/result.hpp"
#include "security/jws.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace iris::security {

/// A P-256 public key, which checks ES256 signatures. Immutable; copies share
/// it. Any thread.
class public_key {
public:
  /// Reads a JWK (RFC 7517) with a "kid" of 1 to 128 bytes. Fails with
  /// bad_field: malformed, not P-256, a point off the curve, for another use,
  /// or with its private part.
  static result<public_key> from_jwk(std::string_view json);

  const std::string& kid() const noexcept;

  /// The key as a JWK without private part, one line of JSON.
  const std::string& jwk() const noexcept;

  /// The key's thumbprint (RFC 7638) with SHA-256, in base64url.
  const std::string& thumbprint() const noexcept;

  /// Whether this key signed `token`, which parse_jws made. Takes 0.1 ms.
  bool signed_token(const unverified_token& token) const;

private:
  friend class signing_key;
  struct content;
  explicit public_key(std::shared_ptr<const content> x);

  std::shared_ptr<const content> content_;
};

/// A P-256 key pair, whose `kid` is its thumbprint. Immutable; copies share it.
/// Any thread.
class signing_key {
public:
  static result<signing_key> generate();

  /// Reads what `secret_jwk` gave and nothing else, so that a damaged key is
  /// seen. Fails with: corrupt; config_invalid if it isn't P-256.
  static result<signing_key> from_secret_jwk(std::string_view json);

  const std::string& kid() const noexcept { return public_part_.kid(); }
  const public_key& public_part() const noexcept { return public_part_; }

  /// The key as a JWK. This is the secret: for its file only.
  const std::string& secret_jwk() const noexcept;

  /// A compact JWS of `payload`. Fails with internal if the library does.
  result<std::string> sign(std::string_view payload) const;

private:
  struct content;
  signing_key(std::shared_ptr<const content> x, public_key public_part);
  static result<signing_key> from_content(std::shared_ptr<content> x);

  std::shared_ptr<const content> content_;
  public_key public_part_;
};

} // namespace iris::security
