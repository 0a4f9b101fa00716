// Any bytes as a public key and as the content of a signing key's file. Seeds:
// corpus/key, of which "secret" is the published example of RFC 7515, A.3.
#include "security/jose.hpp"

#include "base/assert.hpp"

using namespace iris::security;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  std::string_view bytes{reinterpret_cast<const char*>(data), size};
  if (auto key = public_key::from_jwk(bytes)) {
    // What we show of a key is a key again, and the same.
    auto again = public_key::from_jwk(key->jwk());
    IRIS_ASSERT(again && again->jwk() == key->jwk());
  }
  if (auto key = signing_key::from_secret_jwk(bytes)) {
    auto token = key->sign("{}");
    IRIS_ASSERT(token);
    auto parsed = parse_jws(*token);
    IRIS_ASSERT(parsed && key->public_part().signed_token(*parsed));
  }
  return 0;
}
