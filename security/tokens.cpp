#include "security/tokens.hpp"

#include "base/assert.hpp"
#include "security/base64url.hpp"

#include <array>
#include <mutex>

#include <openssl/rand.h>

namespace iris::security {

namespace {

/// 128 bits that nobody can guess.
std::string make_token_id() {
  std::array<unsigned char, 16> bytes{};
  IRIS_ASSERT(RAND_bytes(bytes.data(), bytes.size()) == 1);
  return to_base64url(
    {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

} // namespace

token_issuer::token_issuer(std::string cluster, signing_key key)
  : cluster_(std::move(cluster)), key_(std::move(key)) {
  IRIS_ASSERT(!cluster_.empty());
}

result<std::string> token_issuer::issue(const claims& whom,
                                        std::chrono::seconds lifetime,
                                        timestamp now) const {
  if (lifetime < std::chrono::seconds{1} || lifetime > token_lifetime_max)
    return error{errc::bad_field, "a token can't live for "
                                    + std::to_string(lifetime.count())
                                    + " s: expected 1 to 86400 s"};
  if (whom.user.empty() || whom.roles.empty()
      || (whom.device && whom.device->empty()))
    return error{errc::bad_field,
                 "a token needs a user, a role, and a device or none"};
  timestamp from{now.ms / 1000 * 1000};
  timestamp to{from.ms + std::chrono::milliseconds{lifetime}.count()};
  issued_claims full{whom, make_token_id(), from, from, to};
  auto token = key_.sign(encode_claims(full, cluster_));
  if (token && token->size() > token_bytes_max)
    return error{errc::bad_field,
                 "the cluster's name is too long for a token: expected tokens "
                 "of at most "
                   + std::to_string(token_bytes_max) + " bytes"};
  return token;
}

token_verifier::token_verifier(std::string cluster)
  : cluster_(std::move(cluster)) {
  IRIS_ASSERT(!cluster_.empty());
}

void token_verifier::add(public_key key) {
  std::unique_lock lock{mutex_};
  auto kid = key.kid();
  keys_.insert_or_assign(std::move(kid), std::move(key));
}

bool token_verifier::remove(const std::string& kid) {
  std::unique_lock lock{mutex_};
  return keys_.erase(kid) == 1;
}

std::optional<public_key> token_verifier::find(const std::string& kid) const {
  std::shared_lock lock{mutex_};
  auto found = keys_.find(kid);
  return found == keys_.end() ? std::nullopt : std::optional{found->second};
}

std::vector<public_key> token_verifier::keys() const {
  std::shared_lock lock{mutex_};
  std::vector<public_key> all;
  for (const auto& [kid, key] : keys_)
    all.push_back(key);
  return all;
}

result<issued_claims> token_verifier::verify(std::string_view token,
                                             timestamp now) const {
  auto parsed = parse_jws(token);
  if (!parsed)
    return parsed.failure();
  auto key = find(parsed->kid);
  if (!key)
    return error{errc::token_invalid,
                 "the token's key is unknown: expected a \"kid\" of this "
                 "cluster's present keys"};
  if (!key->signed_token(*parsed))
    return error{errc::token_invalid,
                 "the token's signature is wrong: expected that of the key it "
                 "names, over header and payload as they are"};
  auto read = decode_claims(parsed->payload, cluster_);
  if (!read)
    return read;
  if (auto checked = check_times(*read, now); !checked)
    return checked.failure();
  return read;
}

std::string to_jwks(std::span<const public_key> keys) {
  std::string text = R"({"keys":[)";
  for (const auto& key : keys) {
    if (text.back() == '}')
      text += ',';
    text += key.jwk();
  }
  return text + "]}";
}

} // namespace iris::security
