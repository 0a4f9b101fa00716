#include "security/jose.hpp"

#include "security/json.hpp"
#include "tests/security/forger.hpp"

#include <doctest/doctest.h>

#include <openssl/err.h>

namespace jose_test {

using namespace iris;
using namespace iris::security;

namespace {

/// The key and token of RFC 7515, appendix A.3.
constexpr std::string_view published_key =
  R"({"kty":"EC","crv":"P-256","kid":"rfc7515",)"
  R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
  R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";
constexpr std::string_view published_token =
  "eyJhbGciOiJFUzI1NiJ9."
  "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
  "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
  "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
  "pmWQxfKTUJqPP3-Kg6NU1Q";

bool good(const public_key& key, std::string_view token) {
  auto parsed = parse_jws(token);
  return parsed && key.signed_token(*parsed);
}

} // namespace

TEST_CASE("the published example of ES256 is accepted, a changed one not") {
  auto key = public_key::from_jwk(published_key);
  REQUIRE(key);
  std::string changed{published_token};
  changed[30] ^= 1;

  CHECK(key->signed_token({published_token, "", ""}));
  CHECK_FALSE(key->signed_token({changed, "", ""}));
}

TEST_CASE("a thumbprint is that of the published example") {
  // The key and thumbprint of RFC 9449, sections 4.1 and 6.1.
  auto key = public_key::from_jwk(
    R"({"kty":"EC","crv":"P-256","kid":"rfc9449",)"
    R"("x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",)"
    R"("y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"})");

  REQUIRE(key);
  CHECK(key->thumbprint() == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

TEST_CASE("what a key signed is signed by it and by no other") {
  auto mine = *signing_key::generate();
  auto other = *signing_key::generate();

  auto token = mine.sign("{}");

  REQUIRE(token);
  CHECK(good(mine.public_part(), *token));
  CHECK_FALSE(good(other.public_part(), *token));
  CHECK(mine.kid() != other.kid());
  CHECK(mine.kid() == mine.public_part().thumbprint());
}

TEST_CASE("a signature has 64 bytes, also when a number starts with zeros") {
  // One in 128 signatures has a number that is a byte shorter.
  auto key = *signing_key::generate();
  for (int i = 0; i < 1000; ++i) {
    auto token = key.sign(std::to_string(i));
    REQUIRE(token);
    CHECK(good(key.public_part(), *token));
  }
}

TEST_CASE("what OpenSSL signed by itself is accepted") {
  test::forger other{"k"};

  CHECK(good(other.public_part(), other.sign("{}")));
}

TEST_CASE("a secret key is read as it was written") {
  auto key = *signing_key::generate();

  auto again = signing_key::from_secret_jwk(key.secret_jwk());

  REQUIRE(again);
  CHECK(again->kid() == key.kid());
  CHECK(again->secret_jwk() == key.secret_jwk());
  CHECK(good(key.public_part(), *again->sign("{}")));
}

TEST_CASE("a public key shows nothing of the secret") {
  auto key = *signing_key::generate();
  auto secret = parse_object(key.secret_jwk());
  auto shown = parse_object(key.public_part().jwk());

  REQUIRE(secret);
  REQUIRE(shown);
  CHECK_FALSE(shown->contains("d"));
  CHECK(key.public_part().jwk().find(*string_member(*secret, "d"))
        == std::string::npos);
  CHECK(shown->size() == 7);
  CHECK((*shown)["kid"] == key.kid());
  CHECK((*shown)["use"] == "sig");
  CHECK((*shown)["alg"] == "ES256");
}

TEST_CASE("a key with any byte damaged is refused") {
  auto key = *signing_key::generate();
  for (std::size_t i = 0; i < key.secret_jwk().size(); ++i) {
    auto damaged = key.secret_jwk();
    damaged[i] ^= 1;
    CHECK_FALSE(signing_key::from_secret_jwk(damaged));
  }
  for (std::size_t size = 0; size < key.secret_jwk().size(); ++size)
    CHECK(signing_key::from_secret_jwk(key.secret_jwk().substr(0, size))
            .failure()
            .code
          == errc::corrupt);
}

TEST_CASE("keys that are not for ES256 are refused") {
  const std::string point =
    R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")";
  const std::string start = R"({"kty":"EC","crv":"P-256","kid":"k",)" + point;
  REQUIRE(public_key::from_jwk(start + "}"));
  auto key = *signing_key::generate();

  for (const std::string& bad :
       {std::string{}, std::string{"{}"}, std::string{"[]"},
        start + R"(,"use":"enc"})", start + R"(,"alg":"ES384"})",
        start + R"(,"kid":"k"})", start + R"(,"d":"AA"})",
        R"({"kty":"EC","crv":"P-256",)" + point + "}",
        R"({"kty":"EC","crv":"P-384","kid":"k",)" + point + "}",
        R"({"kty":"EC","crv":"P-256","kid":"",)" + point + "}",
        R"({"kty":"EC","crv":"P-256","kid":")" + std::string(129, 'k') + "\","
          + point + "}",
        std::string{R"({"kty":"oct","kid":"k","k":"AAAA"})"},
        std::string{R"({"kty":"EC","crv":"P-256","kid":"k","x":"AAAA"})"},
        key.secret_jwk()})
    CHECK(public_key::from_jwk(bad).failure().code == errc::bad_field);
}

TEST_CASE("a number that is no base64url is refused, not asserted") {
  // Found by key.fuzz.cpp: cjose aborts on a '=' inside a number.
  for (std::string number : {"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRV=I",
                             "A=AA", "=", "AAAA", "", "+/8"}) {
    auto members = R"("kty":"EC","crv":"P-256","kid":"k","x":")" + number
                   + R"(","y":")" + number + "\"";
    CHECK_FALSE(public_key::from_jwk("{" + members + "}"));
    CHECK_FALSE(signing_key::from_secret_jwk("{" + members + R"(,"d":")"
                                             + number + "\"}"));
  }
}

TEST_CASE("the published secret key is read, and checked by its thumbprint") {
  // RFC 7515, appendix A.3.
  auto key = signing_key::from_secret_jwk(
    R"({"kty":"EC","crv":"P-256",)"
    R"("kid":"oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U",)"
    R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",)"
    R"("d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"})");

  REQUIRE(key);
  CHECK(key->public_part().signed_token({published_token, "", ""}));
}

TEST_CASE("a secret of zero, or of the curve's order, is refused as damaged") {
  for (const std::string& d :
       {std::string(43, 'A'),
        std::string{"_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE"}}) {
    auto key = signing_key::from_secret_jwk(
      R"({"kty":"EC","crv":"P-256","kid":"k",)"
      R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
      R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":")"
      + d + "\"}");
    REQUIRE_FALSE(key);
    CHECK(key.failure().code == errc::corrupt);
  }
}

TEST_CASE("a point off the curve is refused") {
  // The published key with its last byte changed.
  auto key = public_key::from_jwk(
    R"({"kty":"EC","crv":"P-256","kid":"k",)"
    R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4"})");

  CHECK(key.failure().code == errc::bad_field);
}

TEST_CASE("a secret key of another curve is refused as such") {
  auto key = signing_key::from_secret_jwk(
    R"({"kty":"EC","crv":"P-384","kid":"k","x":"AA","y":"AA","d":"AA"})");

  CHECK(key.failure().code == errc::config_invalid);
  CHECK(key.failure().context.find("expected P-256") != std::string::npos);
}

TEST_CASE("a refused token leaves nothing in OpenSSL's error queue") {
  auto key = public_key::from_jwk(published_key);
  REQUIRE(key);
  // r = s = 0 is what OpenSSL itself complains about.
  auto token = test::join(R"({"alg":"ES256","kid":"rfc7515"})", "{}",
                          std::string(64, '\0'));

  CHECK_FALSE(good(*key, token));
  CHECK(ERR_peek_error() == 0);

  auto off_curve = std::string{published_key};
  off_curve.replace(off_curve.size() - 3, 1, "4");
  CHECK_FALSE(public_key::from_jwk(off_curve));
  CHECK(ERR_peek_error() == 0);
}

} // namespace jose_test
