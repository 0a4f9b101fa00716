#include "tests/security/forger.hpp"

#include "security/base64url.hpp"

#include <doctest/doctest.h>

#include <array>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace iris::security::test {

namespace {

using bignum_ptr = openssl_ptr<BIGNUM, BN_free>;

std::string bytes_of(const BIGNUM* number) {
  std::string bytes(32, '\0');
  REQUIRE(
    BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), 32)
    == 32);
  return bytes;
}

std::string coordinate(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  REQUIRE(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  bignum_ptr owned{number};
  return to_base64url(bytes_of(number));
}

} // namespace

forger::forger(std::string kid)
  : kid_(std::move(kid)), key_(EVP_EC_gen("P-256")) {
  REQUIRE(key_);
  jwk_ = R"({"kty":"EC","crv":"P-256","kid":")" + kid_ + R"(","x":")"
         + coordinate(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X) + R"(","y":")"
         + coordinate(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y) + "\"}";
}

public_key forger::public_part() const {
  auto key = public_key::from_jwk(jwk_);
  REQUIRE(key);
  return *key;
}

std::string forger::sign(std::string_view header,
                         std::string_view payload) const {
  auto signed_text = to_base64url(header) + "." + to_base64url(payload);
  openssl_ptr<EVP_MD_CTX, EVP_MD_CTX_free> context{EVP_MD_CTX_new()};
  REQUIRE(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr,
                             key_.get())
          == 1);
  std::array<unsigned char, 128> der{};
  std::size_t size = der.size();
  REQUIRE(
    EVP_DigestSign(context.get(), der.data(), &size,
                   reinterpret_cast<const unsigned char*>(signed_text.data()),
                   signed_text.size())
    == 1);
  const unsigned char* at = der.data();
  openssl_ptr<ECDSA_SIG, ECDSA_SIG_free> numbers{
    d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size))};
  REQUIRE(numbers);
  return join(header, payload,
              bytes_of(ECDSA_SIG_get0_r(numbers.get()))
                + bytes_of(ECDSA_SIG_get0_s(numbers.get())));
}

std::string forger::sign(std::string_view payload) const {
  return sign(R"({"alg":"ES256","kid":")" + kid_ + "\"}", payload);
}

std::string join(std::string_view header, std::string_view payload,
                 std::string_view signature) {
  return to_base64url(header) + "." + to_base64url(payload) + "."
         + to_base64url(signature);
}

std::string sign_hs256(std::string_view header, std::string_view payload,
                       std::string_view secret) {
  auto text = to_base64url(header) + "." + to_base64url(payload);
  std::array<unsigned char, 32> digest{};
  unsigned size = 0;
  REQUIRE(HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
               reinterpret_cast<const unsigned char*>(text.data()), text.size(),
               digest.data(), &size)
          != nullptr);
  return join(header, payload,
              {reinterpret_cast<const char*>(digest.data()), size});
}

} // namespace iris::security::test
