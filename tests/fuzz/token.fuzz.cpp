// Any bytes as a token, and as the payload of a well-signed token: an issuer
// may be hostile, too. Seeds: corpus/token.
#include "security/tokens.hpp"

#include "base/assert.hpp"

using namespace iris;
using namespace iris::security;

namespace {

/// Within the seeds' lifetime.
constexpr timestamp now{1'700'000'000'000};

/// The key of the seeds. Its secret part was never kept.
constexpr std::string_view seeds_key =
  R"({"kty":"EC","crv":"P-256",)"
  R"("kid":"pCfNoZ0LtpgVWHBoBE5HNRDEz1AHZVtqZ5qXPiShoIg",)"
  R"("x":"5GNCj1-KcsEcB-E5kRdfwjYQCWNp4ypD36uOM7VVgjU",)"
  R"("y":"fqf3PKnbZuRJo278Y-hZRbDvtez-34gRTDnRRxV8E_w"})";

struct cluster {
  signing_key key = *signing_key::generate();
  token_verifier verifier{"fuzz"};

  cluster() {
    verifier.add(*public_key::from_jwk(seeds_key));
    verifier.add(key.public_part());
  }
};

void judge(const token_verifier& verifier, std::string_view token) {
  auto verified = verifier.verify(token, now);
  if (verified)
    IRIS_ASSERT(!verified->user.empty() && !verified->roles.empty());
  else
    IRIS_ASSERT(verified.failure().code == errc::token_invalid
                || verified.failure().code == errc::token_expired);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  static const cluster fuzzed;
  std::string_view bytes{reinterpret_cast<const char*>(data), size};
  judge(fuzzed.verifier, bytes);
  if (size <= token_bytes_max)
    judge(fuzzed.verifier, *fuzzed.key.sign(bytes));
  return 0;
}
