#include "security/jws.hpp"

#include "security/base64url.hpp"
#include "security/json.hpp"

namespace iris::security {

namespace {

constexpr std::size_t signature_bytes = 64;

error malformed(std::string text) {
  return {errc::token_invalid, std::move(text)};
}

result<std::string> read_kid(std::string_view header_text) {
  auto header = parse_object(header_text);
  if (!header)
    return malformed("the token's header is malformed: expected a JSON object "
                     "that names nothing twice");
  auto alg = string_member(*header, "alg");
  if (!alg || *alg != "ES256")
    return malformed("the token has another algorithm: expected ES256");
  // What "crit" lists must be understood (RFC 7515, section 4.1.11).
  if (header->contains("crit"))
    return malformed("the token demands extensions: expected no \"crit\"");
  auto kid = string_member(*header, "kid");
  if (!kid || kid->empty() || kid->size() > kid_bytes_max)
    return malformed("the token names no key: expected a \"kid\" of 1 to 128 "
                     "bytes");
  return *kid;
}

} // namespace

result<unverified_token> parse_jws(std::string_view token) {
  if (token.size() > token_bytes_max)
    return malformed("the token has " + std::to_string(token.size())
                     + " bytes: expected at most "
                     + std::to_string(token_bytes_max));
  auto first = token.find('.');
  auto second = first == token.npos ? first : token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos)
    return malformed(
      "the token is malformed: expected header.payload.signature");
  auto header = from_base64url(token.substr(0, first));
  auto payload = from_base64url(token.substr(first + 1, second - first - 1));
  auto signature = from_base64url(token.substr(second + 1));
  if (!header || !payload || !signature)
    return malformed("the token is malformed: expected base64url without "
                     "padding");
  auto kid = read_kid(*header);
  if (!kid)
    return kid.failure();
  if (signature->size() != signature_bytes)
    return malformed("the token's signature has "
                     + std::to_string(signature->size())
                     + " bytes: expected 64");
  return unverified_token{token, *std::move(kid), *std::move(payload)};
}

} // namespace iris::security
