#include "security/jose.hpp"

#include "security/base64url.hpp"
#include "security/json.hpp"
#include "security/openssl.hpp"

#include <array>

#include <cjose/header.h>
#include <cjose/jwk.h>
#include <cjose/jws.h>
#include <cjose/util.h>
#include <openssl/err.h>
#include <openssl/sha.h>

namespace iris::security {

namespace {

template <auto Release>
struct release {
  void operator()(auto* owned) const noexcept { Release(owned); }
};
using jwk_ptr = std::unique_ptr<cjose_jwk_t, release<cjose_jwk_release>>;
using jws_ptr = std::unique_ptr<cjose_jws_t, release<cjose_jws_release>>;
using header_ptr =
  std::unique_ptr<cjose_header_t, release<cjose_header_release>>;

/// cjose is given no place for its own errors: it would take their text from a
/// buffer that all threads share (cjose 0.6.2, error.c).
constexpr cjose_err* no_error = nullptr;

/// cjose leaves OpenSSL's errors in the thread's queue, where the next TLS call
/// of any connection would take them for its own.
struct clean_error_queue {
  ~clean_error_queue() { ERR_clear_error(); }
};

bool is_p256(const nlohmann::json& jwk) {
  auto kty = string_member(jwk, "kty");
  auto crv = string_member(jwk, "crv");
  return kty && *kty == "EC" && crv && *crv == "P-256";
}

enum class part { public_only, secret_too };

/// Nothing if the key has no point of the curve, e.g. if its secret is zero.
std::optional<nlohmann::json> export_jwk(const cjose_jwk_t* key, part which) {
  std::unique_ptr<char, void (*)(void*)> text{
    cjose_jwk_to_json(key, which == part::secret_too, no_error),
    cjose_get_dealloc()};
  return text ? parse_object(text.get()) : std::nullopt;
}

/// The hash of the members that make the key, sorted and without blanks
/// (RFC 7638, section 3).
std::string thumbprint_of(const nlohmann::json& jwk) {
  auto text = to_text({{"crv", jwk.at("crv")},
                       {"kty", jwk.at("kty")},
                       {"x", jwk.at("x")},
                       {"y", jwk.at("y")}});
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         digest.data());
  return to_base64url(
    {reinterpret_cast<const char*>(digest.data()), digest.size()});
}

/// Nothing unless the key is P-256 and each number is base64url. cjose checks
/// that it has 32 bytes and that the point is on the curve. It sees what was
/// checked here and nothing else: a '=' inside a number would end the process
/// with a failed assertion (cjose 0.6.2, base64.c).
jwk_ptr import_jwk(const nlohmann::json& jwk, part which) {
  if (!is_p256(jwk))
    return nullptr;
  nlohmann::json checked{{"kty", "EC"}, {"crv", "P-256"}};
  for (auto name : {"x", "y", "d"}) {
    if (*name == 'd' && which == part::public_only)
      continue;
    auto text = string_member(jwk, name);
    if (!text || !from_base64url(*text))
      return nullptr;
    checked[name] = *text;
  }
  auto text = to_text(checked);
  return jwk_ptr{cjose_jwk_import(text.data(), text.size(), no_error)};
}

error damaged_key() {
  return {errc::corrupt, "the signing key is damaged: expected the JWK that "
                         "Iris wrote, unchanged"};
}

bool absent_or(const nlohmann::json& jwk, const char* name,
               std::string_view expected) {
  auto text = string_member(jwk, name);
  return !jwk.contains(name) || (text && *text == expected);
}

} // namespace

struct public_key::content {
  jwk_ptr key;
  std::string kid;
  std::string text;
  std::string thumbprint;
};

public_key::public_key(std::shared_ptr<const content> x)
  : content_(std::move(x)) {}

result<public_key> public_key::from_jwk(std::string_view json) {
  clean_error_queue at_end;
  auto jwk = parse_object(json);
  if (!jwk || jwk->contains("d") || jwk->contains("k"))
    return error{errc::bad_field,
                 "the key is malformed: expected a JWK without private part"};
  auto kid = string_member(*jwk, "kid");
  if (!kid || kid->empty() || kid->size() > kid_bytes_max
      || !absent_or(*jwk, "use", "sig") || !absent_or(*jwk, "alg", "ES256"))
    return error{
      errc::bad_field,
      "the key is not for tokens: expected a \"kid\" of 1 to 128 "
      "bytes, and \"use\" and \"alg\" to be \"sig\" and \"ES256\" or absent"};
  auto key = import_jwk(*jwk, part::public_only);
  auto shown = key ? export_jwk(key.get(), part::public_only) : std::nullopt;
  if (!shown)
    return error{errc::bad_field, "the key can't be read: expected a point of "
                                  "the curve P-256 (\"kty\": \"EC\")"};
  auto thumbprint = thumbprint_of(*shown);
  (*shown)["kid"] = *kid;
  (*shown)["use"] = "sig";
  (*shown)["alg"] = "ES256";
  return public_key{std::make_shared<const content>(
    content{std::move(key), *kid, to_text(*shown), std::move(thumbprint)})};
}

const std::string& public_key::kid() const noexcept {
  return content_->kid;
}

const std::string& public_key::jwk() const noexcept {
  return content_->text;
}

const std::string& public_key::thumbprint() const noexcept {
  return content_->thumbprint;
}

bool public_key::signed_token(const unverified_token& token) const {
  clean_error_queue at_end;
  jws_ptr jws{cjose_jws_import(token.text.data(), token.text.size(), no_error)};
  return jws && cjose_jws_verify(jws.get(), content_->key.get(), no_error);
}

struct signing_key::content {
  jwk_ptr key;
  std::string secret_text;
};

signing_key::signing_key(std::shared_ptr<const content> x,
                         public_key public_part)
  : content_(std::move(x)), public_part_(std::move(public_part)) {}

result<signing_key> signing_key::from_content(std::shared_ptr<content> x) {
  auto shown = export_jwk(x->key.get(), part::public_only);
  auto secret = export_jwk(x->key.get(), part::secret_too);
  if (!shown || !secret)
    return damaged_key();
  (*shown)["kid"] = thumbprint_of(*shown);
  (*secret)["kid"] = (*shown)["kid"];
  x->secret_text = to_text(*secret);
  auto public_part = public_key::from_jwk(to_text(*shown));
  if (!public_part)
    return damaged_key();
  return signing_key{std::move(x), *std::move(public_part)};
}

result<signing_key> signing_key::generate() {
  clean_error_queue at_end;
  jwk_ptr key{cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, no_error)};
  if (!key)
    return error{errc::internal,
                 "can't make a P-256 key: " + take_openssl_errors()};
  return from_content(std::make_shared<content>(content{std::move(key), {}}));
}

result<signing_key> signing_key::from_secret_jwk(std::string_view json) {
  clean_error_queue at_end;
  auto jwk = parse_object(json);
  if (!jwk)
    return damaged_key();
  if (jwk->contains("kty") && !is_p256(*jwk))
    return error{errc::config_invalid,
                 "the signing key is of another kind: expected P-256"};
  auto key = import_jwk(*jwk, part::secret_too);
  if (!key)
    return damaged_key();
  auto loaded =
    from_content(std::make_shared<content>(content{std::move(key), {}}));
  // The public part was computed anew from the secret: any difference to what
  // the file says is damage.
  if (loaded && parse_object(loaded->secret_jwk()) != jwk)
    return damaged_key();
  return loaded;
}

const std::string& signing_key::secret_jwk() const noexcept {
  return content_->secret_text;
}

result<std::string> signing_key::sign(std::string_view payload) const {
  clean_error_queue at_end;
  header_ptr header{cjose_header_new(no_error)};
  auto set = [&](const char* name, const char* value) {
    return cjose_header_set(header.get(), name, value, no_error);
  };
  const char* text = nullptr;
  jws_ptr jws;
  if (header && set(CJOSE_HDR_ALG, CJOSE_HDR_ALG_ES256)
      && set(CJOSE_HDR_KID, kid().c_str()) && set("typ", "JWT"))
    jws.reset(
      cjose_jws_sign(content_->key.get(), header.get(),
                     reinterpret_cast<const std::uint8_t*>(payload.data()),
                     payload.size(), no_error));
  if (!jws || !cjose_jws_export(jws.get(), &text, no_error))
    return error{errc::internal,
                 "can't sign a token: " + take_openssl_errors()};
  return std::string{text};
}

} // namespace iris::security
