#include "security/claims.hpp"

#include "security/json.hpp"

#include <doctest/doctest.h>

#include <functional>

namespace claims_test {

using namespace iris;
using namespace iris::security;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr timestamp now{1'700'000'000'000};

issued_claims alices() {
  issued_claims x;
  x.user = *user_id::parse("alice");
  x.token_id = "t1";
  x.issued_at = now;
  x.not_before = now;
  x.expires_at = {now.ms + hour_ms};
  return x;
}

/// The error of a payload that is right but for one change.
error refusal(const std::function<void(nlohmann::json&)>& change) {
  auto payload = parse_object(encode_claims(alices(), "home"));
  REQUIRE(payload);
  change(*payload);
  auto read = decode_claims(to_text(*payload), "home");
  REQUIRE_FALSE(read);
  return read.failure();
}

bool says(const error& what, std::string_view text) {
  return what.code == errc::token_invalid
         && what.context.find(text) != std::string::npos
         && what.context.find("expected") != std::string::npos;
}

} // namespace

TEST_CASE("claims are read as they were written") {
  auto plain = alices();
  auto full = alices();
  full.device = *device_id::parse("phone");
  full.tenant = 0xffffffff;
  full.roles = {role::user, role::cluster_operator};

  CHECK(*decode_claims(encode_claims(plain, "home"), "home") == plain);
  CHECK(*decode_claims(encode_claims(full, "home"), "home") == full);
}

TEST_CASE("a payload is what docs and other programs expect") {
  auto x = alices();
  x.device = *device_id::parse("phone");
  x.roles = {role::cluster_operator};

  CHECK(encode_claims(x, "home")
        == R"({"aud":"iris:home","device":"phone","exp":1700003600,)"
           R"("iat":1700000000,"iss":"home","jti":"t1","nbf":1700000000,)"
           R"("roles":["operator"],"sub":"alice","tenant":1})");
}

TEST_CASE("unknown claims are ignored, a missing nbf is iat") {
  auto payload = *parse_object(encode_claims(alices(), "home"));
  payload["later"] = {1, 2, 3};
  payload.erase("nbf");

  CHECK(*decode_claims(to_text(payload), "home") == alices());
}

TEST_CASE("a missing claim is refused by its name") {
  for (std::string name :
       {"iss", "aud", "sub", "iat", "exp", "jti", "tenant", "roles"}) {
    auto what = refusal([&](auto& x) { x.erase(name); });
    auto word = name == "iss" ? "issuer" : name == "aud" ? "audience" : name;
    CHECK(says(what, word));
  }
}

TEST_CASE("a claim of the wrong kind is refused by its name") {
  using nlohmann::json;
  const json wrong[] = {json(nullptr),
                        json(true),
                        json(-1),
                        json(1.5),
                        json(std::uint64_t{1} << 63),
                        json(""),
                        json("a b"),
                        json::array(),
                        json::object(),
                        json::array({1})};
  for (std::string name :
       {"sub", "iat", "exp", "nbf", "tenant", "roles", "device", "iss", "aud"})
    for (const auto& value : wrong)
      CHECK(says(refusal([&](auto& x) { x[name] = value; }), "expected"));
  CHECK(says(refusal([](auto& x) { x["jti"] = ""; }), "jti"));
  CHECK(says(refusal([](auto& x) { x["jti"] = std::string(65, 'a'); }), "jti"));
  CHECK(says(refusal([](auto& x) { x["roles"] = {"user", "root"}; }), "roles"));
}

TEST_CASE("another issuer or audience is refused and the right one named") {
  CHECK(says(refusal([](auto& x) { x["iss"] = "away"; }), "\"home\""));
  CHECK(
    says(refusal([](auto& x) { x["aud"] = "iris:away"; }), "\"iris:home\""));
  CHECK(says(refusal([](auto& x) { x["aud"] = "home"; }), "\"iris:home\""));
}

TEST_CASE("what is no object, or says a thing twice, is refused") {
  auto good = encode_claims(alices(), "home");
  auto twice = good.substr(0, good.size() - 1) + R"(,"sub":"bob"})";
  for (const auto& bad :
       {std::string{}, std::string{"null"}, std::string{"[]"},
        std::string{"\"x\""}, good + "x", good.substr(1), twice,
        std::string(2000, '['), std::string{"\xff\xfe"}})
    CHECK(says(decode_claims(bad, "home").failure(), "malformed"));
}

TEST_CASE("a token holds from 30 s before its start to 30 s after its end") {
  auto x = alices();
  auto at = [&](std::int64_t ms) { return check_times(x, {ms}); };

  CHECK(at(now.ms - 30'000));
  CHECK(at(now.ms + hour_ms + 29'999));
  CHECK(says(at(now.ms - 30'001).failure(), "not valid yet"));
  CHECK(at(now.ms + hour_ms + 30'000).failure().code == errc::token_expired);

  x.not_before = {now.ms + 60'000};
  CHECK(says(at(now.ms + 29'999).failure(), "not valid yet"));
  CHECK(at(now.ms + 30'000));
}

TEST_CASE("a token that was made for more than 24 hours is refused") {
  auto x = alices();
  x.expires_at = {now.ms + 24 * hour_ms};
  CHECK(check_times(x, now));

  x.expires_at = {now.ms + 24 * hour_ms + 1000};
  CHECK(says(check_times(x, now).failure(), "86400"));

  x.expires_at = x.issued_at;
  CHECK(says(check_times(x, now).failure(), "86400"));
}

} // namespace claims_test
