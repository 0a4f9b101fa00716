#include "security/tokens.hpp"

#include "security/base64url.hpp"
#include "security/json.hpp"
#include "tests/security/forger.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <atomic>
#include <thread>

namespace tokens_test {

using namespace iris;
using namespace iris::security;
using namespace std::chrono_literals;
using iris::security::test::forger;

namespace {

constexpr timestamp now{1'700'000'000'123};
constexpr std::int64_t hour_ms = 3'600'000;

claims alice() {
  claims x;
  x.user = *user_id::parse("alice");
  return x;
}

/// A cluster: whoever issues its tokens, and a node that checks them.
struct cluster {
  signing_key key = *signing_key::generate();
  token_issuer issuer{"home", key};
  token_verifier verifier{"home"};

  cluster() { verifier.add(key.public_part()); }

  std::string token() const { return *issuer.issue(alice(), 1h, now); }

  error refusal(std::string_view token) const {
    auto verified = verifier.verify(token, now);
    REQUIRE_FALSE(verified);
    CHECK(verified.failure().context.find("expected") != std::string::npos);
    return verified.failure();
  }

  bool refuses(std::string_view token, std::string_view why) const {
    auto what = refusal(token);
    return what.code == errc::token_invalid
           && what.context.find(why) != std::string::npos;
  }

  std::string header(std::string_view alg) const {
    return R"({"alg":")" + std::string{alg} + R"(","kid":")" + key.kid()
           + "\"}";
  }
};

struct parts {
  std::string header, payload, signature;
};

parts split(const std::string& token) {
  auto first = token.find('.');
  auto second = token.find('.', first + 1);
  return {token.substr(0, first), token.substr(first + 1, second - first - 1),
          token.substr(second + 1)};
}

std::string join(const parts& x) {
  return x.header + "." + x.payload + "." + x.signature;
}

/// A good token of exactly `size` bytes, filled up with an unknown claim and
/// with blanks in the header.
std::string sized_token(const forger& by, std::string payload,
                        std::size_t size) {
  payload.back() = ',';
  for (std::string header = R"({"alg":"ES256","kid":"mine"})";; header += ' ') {
    auto text = payload + "\"filler\":\"";
    auto length = [&] {
      return test::join(header, text + "\"}", std::string(64, 's')).size();
    };
    while (length() < size)
      text += 'x';
    if (length() == size)
      return by.sign(header, text + "\"}");
  }
}

} // namespace

TEST_CASE("a token says who its bearer is") {
  cluster home;
  auto whom = alice();
  whom.device = *device_id::parse("phone");
  whom.tenant = 7;
  whom.roles = {role::user, role::cluster_operator};

  auto verified = home.verifier.verify(*home.issuer.issue(whom, 1h, now), now);

  REQUIRE(verified);
  CHECK(static_cast<const claims&>(*verified) == whom);
  CHECK(verified->issued_at == timestamp{1'700'000'000'000});
  CHECK(verified->expires_at == timestamp{1'700'000'000'000 + hour_ms});
}

TEST_CASE("no two tokens have the same id") {
  cluster home;

  auto a = home.verifier.verify(home.token(), now);
  auto b = home.verifier.verify(home.token(), now);

  REQUIRE(a);
  REQUIRE(b);
  CHECK(a->token_id.size() == 22);
  CHECK(a->token_id != b->token_id);
}

TEST_CASE("a token lives for 1 second to 24 hours") {
  cluster home;

  CHECK(home.issuer.issue(alice(), 24h, now));
  CHECK(home.issuer.issue(alice(), 1s, now));
  for (auto wrong :
       {24h + 1s, std::chrono::seconds{0}, -1s, std::chrono::seconds::max()}) {
    auto issued = home.issuer.issue(alice(), wrong, now);
    CHECK(issued.failure().code == errc::bad_field);
    CHECK(issued.failure().context.find("86400") != std::string::npos);
  }
}

TEST_CASE("a token needs a user and a role") {
  cluster home;
  claims nobody;
  auto powerless = alice();
  powerless.roles.clear();
  auto deviceless = alice();
  deviceless.device.emplace();

  for (const auto& whom : {nobody, powerless, deviceless})
    CHECK(home.issuer.issue(whom, 1h, now).failure().code == errc::bad_field);
}

TEST_CASE("the largest claims still make a token that is accepted") {
  cluster home;
  auto whom = alice();
  whom.user = *user_id::parse(std::string(64, 'u'));
  whom.device = *device_id::parse(std::string(64, 'd'));
  whom.tenant = 0xffffffff;

  CHECK(home.verifier.verify(*home.issuer.issue(whom, 24h, now), now));
}

TEST_CASE("an issuer makes no token that a verifier refuses for its size") {
  token_issuer issuer{std::string(3000, 'c'), *signing_key::generate()};

  CHECK(issuer.issue(alice(), 1h, now).failure().code == errc::bad_field);
}

TEST_CASE("a token expires, 30 s late at most") {
  cluster home;
  auto token = home.token();
  auto ends = now.ms / 1000 * 1000 + hour_ms;

  CHECK(home.verifier.verify(token, {ends + 29'999}));
  auto late = home.verifier.verify(token, {ends + 30'000});

  CHECK(late.failure().code == errc::token_expired);
}

TEST_CASE("a token from the future is not valid yet") {
  cluster home;
  auto token = *home.issuer.issue(alice(), 1h, {now.ms + 60'000});

  CHECK(home.refuses(token, "not valid yet"));
}

TEST_CASE("a forged token with a known kid is refused") {
  cluster home;
  forger mallory{home.key.kid()};
  auto payload = from_base64url(split(home.token()).payload);

  CHECK(home.refuses(mallory.sign(*payload), "signature is wrong"));
}

TEST_CASE("a forger's token is refused for its signature alone") {
  // The same token is good once its key is: nothing else was wrong with it.
  cluster home;
  forger other{"other"};
  auto token = other.sign(*from_base64url(split(home.token()).payload));
  CHECK(home.refuses(token, "key is unknown"));

  home.verifier.add(other.public_part());

  CHECK(home.verifier.verify(token, now));
}

TEST_CASE("a token without signature or with algorithm none is refused") {
  cluster home;
  auto whole = split(home.token());
  auto payload = *from_base64url(whole.payload);

  CHECK(home.refuses(test::join(home.header("none"), payload, ""),
                     "expected ES256"));
  CHECK(home.refuses(test::join(home.header("None"), payload, ""),
                     "expected ES256"));
  CHECK(home.refuses(test::join(R"({"alg":"none"})", payload, ""),
                     "expected ES256"));
  CHECK(home.refuses(join({whole.header, whole.payload, ""}), "0 bytes"));
  CHECK(home.refuses(whole.header + "." + whole.payload, "malformed"));
}

TEST_CASE("a token signed with the public key as a shared secret is refused") {
  cluster home;
  auto payload = *from_base64url(split(home.token()).payload);
  auto secret = home.key.public_part().jwk();

  for (std::string alg : {"HS256", "ES256"})
    CHECK(home.refusal(test::sign_hs256(home.header(alg), payload, secret)).code
          == errc::token_invalid);
  CHECK(home.refuses(test::sign_hs256(home.header("HS256"), payload, secret),
                     "expected ES256"));
}

TEST_CASE("another algorithm is refused, whoever signed") {
  cluster home;
  forger mine{"mine"};
  home.verifier.add(mine.public_part());
  auto payload = *from_base64url(split(home.token()).payload);
  auto header = [](std::string_view alg) {
    return R"({"kid":"mine","alg":)" + std::string{alg} + "}";
  };
  REQUIRE(home.verifier.verify(mine.sign(header("\"ES256\""), payload), now));

  for (std::string alg :
       {"\"none\"", "\"ES384\"", "\"ES512\"", "\"RS256\"", "\"PS256\"",
        "\"HS256\"", "\"es256\"", "\"\"", "null", "1", "[\"ES256\"]"})
    CHECK(home.refuses(mine.sign(header(alg), payload), "expected ES256"));
}

TEST_CASE("a header that is malformed or ambiguous is refused") {
  cluster home;
  forger mine{"mine"};
  home.verifier.add(mine.public_part());
  auto payload = *from_base64url(split(home.token()).payload);

  for (std::string header :
       {"", "{}", "[]", "null", "{\"alg\":\"ES256\",\"kid\":\"mine\"",
        R"({"alg":"ES256"})", R"({"alg":"ES256","kid":""})",
        R"({"alg":"ES256","kid":1})",
        R"({"alg":"none","kid":"mine","alg":"ES256"})",
        R"({"alg":"ES256","kid":"mine","kid":"other"})",
        R"({"alg":"ES256","kid":"mine","crit":["b64"],"b64":false})"})
    CHECK(home.refusal(mine.sign(header, payload)).code == errc::token_invalid);
}

TEST_CASE("a key in the token's own header is not believed") {
  cluster home;
  forger mallory{"mallory"};
  auto payload = *from_base64url(split(home.token()).payload);
  auto header =
    R"({"alg":"ES256","kid":"mallory","jwk":)" + mallory.public_jwk() + "}";

  CHECK(home.refuses(mallory.sign(header, payload), "key is unknown"));
}

TEST_CASE("another cluster's token is refused, though the key be known") {
  cluster home;
  token_issuer away{"away", home.key};

  CHECK(home.refuses(*away.issue(alice(), 1h, now), "issuer"));

  auto payload = *parse_object(*from_base64url(split(home.token()).payload));
  payload["aud"] = "iris:away";
  CHECK(home.refuses(*home.key.sign(to_text(payload)), "audience"));
}

TEST_CASE("a token of more than 24 hours is refused, though well signed") {
  cluster home;
  auto payload = *parse_object(*from_base64url(split(home.token()).payload));
  payload["exp"] = now.ms / 1000 + 86'401;

  CHECK(home.refuses(*home.key.sign(to_text(payload)), "86400"));
}

TEST_CASE("an edited payload is refused") {
  cluster home;
  auto edited = split(home.token());
  auto payload = *parse_object(*from_base64url(edited.payload));
  payload["sub"] = "bob";
  edited.payload = to_base64url(to_text(payload));

  CHECK(home.refuses(join(edited), "signature is wrong"));
}

TEST_CASE("parts of two good tokens don't make a third") {
  cluster home;
  auto a = split(home.token());
  auto b = split(*home.issuer.issue(alice(), 2h, now));

  CHECK(home.refuses(join({a.header, a.payload, b.signature}), "signature"));
  CHECK(home.refuses(join({a.header, b.payload, a.signature}), "signature"));
  for (const auto& swapped : {parts{a.payload, a.header, a.signature},
                              parts{a.signature, a.payload, a.header},
                              parts{a.header, a.signature, a.payload}})
    CHECK(home.refusal(join(swapped)).code == errc::token_invalid);
}

TEST_CASE("a token cut short anywhere is refused") {
  cluster home;
  auto token = home.token();
  for (std::size_t size = 0; size < token.size(); ++size)
    CHECK(home.refusal(token.substr(0, size)).code == errc::token_invalid);
  CHECK(home.refuses(token + ".", "malformed"));
  CHECK(home.refuses(token + "=", "base64url"));
  CHECK(home.refuses(token + "A", "65 bytes"));
}

TEST_CASE("a token of 4096 bytes is accepted and one of 4097 refused") {
  CHECK(token_bytes_max == 4096);
  cluster home;
  forger mine{"mine"};
  home.verifier.add(mine.public_part());
  auto payload = *from_base64url(split(home.token()).payload);

  CHECK(home.verifier.verify(sized_token(mine, payload, 4096), now));
  CHECK(home.refuses(sized_token(mine, payload, 4097), "at most 4096"));
}

TEST_CASE("any byte of a token changed to any other is refused") {
  cluster home;
  const auto token = home.token();
  REQUIRE(home.verifier.verify(token, now));
  std::size_t accepted = 0;
  for (std::size_t i = 0; i < token.size(); ++i) {
    auto changed = token;
    for (int value = 0; value < 256; ++value) {
      changed[i] = static_cast<char>(value);
      if (changed != token && home.verifier.verify(changed, now))
        ++accepted;
    }
  }
  CHECK(accepted == 0);
}

TEST_CASE("a token with any bytes replaced, added or removed is refused") {
  cluster home;
  const auto token = home.token();
  CHECK(rc::check([&](const std::string& noise) {
    auto changed = token;
    auto at = *rc::gen::inRange<std::size_t>(0, token.size() + 1);
    auto removed = *rc::gen::inRange<std::size_t>(0, 100);
    changed.replace(at, removed, noise);
    RC_PRE(changed != token);
    auto verified = home.verifier.verify(changed, now);
    RC_ASSERT(!verified);
    RC_ASSERT(verified.failure().code == errc::token_invalid);
  }));
}

TEST_CASE("any bytes are refused, and so is any payload well signed") {
  cluster home;
  CHECK(rc::check([&](const std::string& noise) {
    RC_ASSERT(!home.verifier.verify(noise, now));
    RC_ASSERT(!home.verifier.verify(*home.key.sign(noise), now));
  }));
}

TEST_CASE("keys rotate without a token being refused") {
  cluster home;
  auto old_token = home.token();
  auto next = *signing_key::generate();
  token_issuer next_issuer{"home", next};
  auto new_token = *next_issuer.issue(alice(), 1h, now);
  CHECK(home.refuses(new_token, "key is unknown"));

  home.verifier.add(next.public_part());
  CHECK(home.verifier.verify(old_token, now));
  CHECK(home.verifier.verify(new_token, now));

  CHECK(home.verifier.remove(home.key.kid()));
  CHECK_FALSE(home.verifier.remove(home.key.kid()));
  CHECK(home.refuses(old_token, "key is unknown"));
  CHECK(home.verifier.verify(new_token, now));
}

TEST_CASE("keys change while other threads verify") {
  cluster home;
  auto token = home.token();
  auto next = *signing_key::generate();
  std::atomic<int> refused{0};

  {
    std::jthread reader{[&] {
      for (int i = 0; i < 200; ++i)
        refused += !home.verifier.verify(token, now);
    }};
    for (int i = 0; i < 200; ++i) {
      home.verifier.add(next.public_part());
      home.verifier.remove(next.kid());
    }
  }

  CHECK(refused == 0);
}

TEST_CASE("the published keys are a JWK set without a secret") {
  cluster home;
  auto next = *signing_key::generate();
  home.verifier.add(next.public_part());

  auto set = parse_object(to_jwks(home.verifier.keys()));

  REQUIRE(set);
  const auto& keys = (*set)["keys"];
  REQUIRE(keys.size() == 2);
  for (const auto& key : keys) {
    CHECK_FALSE(key.contains("d"));
    CHECK(public_key::from_jwk(key.dump()));
  }
  CHECK(keys[0]["kid"] < keys[1]["kid"]);
  CHECK(to_jwks({}) == R"({"keys":[]})");
}

} // namespace tokens_test
