#include "security/claims.hpp"

#include "security/json.hpp"

#include <limits>

namespace iris::security {

namespace {

using nlohmann::json;

/// 9999-12-31T23:59:59Z. Later times would overflow somewhere.
constexpr std::uint64_t seconds_max = 253'402'300'799;
constexpr std::size_t token_id_bytes_max = 64;

error invalid(std::string text) {
  return {errc::token_invalid, std::move(text)};
}

const char* name_of(role x) {
  return x == role::user ? "user" : "operator";
}

std::optional<role> role_named(std::string_view text) {
  for (auto x : {role::user, role::cluster_operator})
    if (text == name_of(x))
      return x;
  return std::nullopt;
}

result<timestamp> time_member(const json& payload, const char* name) {
  auto seconds = integer_member(payload, name);
  if (!seconds || *seconds > seconds_max)
    return invalid(std::string{"the token has no valid \""} + name
                   + "\": expected whole seconds since 1970");
  return timestamp{static_cast<std::int64_t>(*seconds) * 1000};
}

result<void> read_times(const json& payload, issued_claims& into) {
  auto issued_at = time_member(payload, "iat");
  if (!issued_at)
    return issued_at.failure();
  auto expires_at = time_member(payload, "exp");
  if (!expires_at)
    return expires_at.failure();
  auto not_before =
    payload.contains("nbf") ? time_member(payload, "nbf") : issued_at;
  if (!not_before)
    return not_before.failure();
  into.issued_at = *issued_at;
  into.expires_at = *expires_at;
  into.not_before = *not_before;
  return {};
}

result<void> read_names(const json& payload, issued_claims& into) {
  auto sub = string_member(payload, "sub");
  auto user = user_id::parse(sub ? std::string_view{*sub} : "");
  if (!user)
    return invalid("the token has no valid \"sub\": expected a user's name of "
                   "1 to 64 of A-Z a-z 0-9 . _ - @ +");
  into.user = *user;
  auto jti = string_member(payload, "jti");
  if (!jti || jti->empty() || jti->size() > token_id_bytes_max)
    return invalid("the token has no valid \"jti\": expected 1 to 64 bytes");
  into.token_id = *jti;
  if (!payload.contains("device"))
    return {};
  auto text = string_member(payload, "device");
  auto device = device_id::parse(text ? std::string_view{*text} : "");
  if (!device)
    return invalid("the token's \"device\" is invalid: expected a name of 1 to "
                   "64 of A-Z a-z 0-9 . _ - @ +, or none");
  into.device = *device;
  return {};
}

result<void> read_rights(const json& payload, issued_claims& into) {
  auto tenant = integer_member(payload, "tenant");
  if (!tenant || *tenant > std::numeric_limits<std::uint32_t>::max())
    return invalid("the token has no valid \"tenant\": expected a number of 32 "
                   "bits");
  into.tenant = static_cast<std::uint32_t>(*tenant);
  auto wrong_roles = invalid("the token has no valid \"roles\": expected a "
                             "list of \"user\", \"operator\", or both");
  auto listed = payload.find("roles");
  if (listed == payload.end() || !listed->is_array() || listed->empty())
    return wrong_roles;
  into.roles.clear();
  for (const auto& item : *listed) {
    auto text = item.get_ptr<const std::string*>();
    auto known = text ? role_named(*text) : std::nullopt;
    if (!known)
      return wrong_roles;
    into.roles.insert(*known);
  }
  return {};
}

} // namespace

std::string encode_claims(const issued_claims& x, const std::string& cluster) {
  json payload{{"iss", cluster},
               {"aud", "iris:" + cluster},
               {"sub", x.user.str()},
               {"iat", x.issued_at.ms / 1000},
               {"nbf", x.not_before.ms / 1000},
               {"exp", x.expires_at.ms / 1000},
               {"jti", x.token_id},
               {"tenant", x.tenant},
               {"roles", json::array()}};
  for (auto each : x.roles)
    payload["roles"].push_back(name_of(each));
  if (x.device)
    payload["device"] = x.device->str();
  return to_text(payload);
}

result<issued_claims> decode_claims(std::string_view payload_text,
                                    const std::string& cluster) {
  auto payload = parse_object(payload_text);
  if (!payload)
    return invalid("the token's payload is malformed: expected a JSON object "
                   "that names nothing twice");
  auto issuer = string_member(*payload, "iss");
  if (!issuer || *issuer != cluster)
    return invalid("the token has another issuer: expected \"" + cluster
                   + "\"");
  auto audience = string_member(*payload, "aud");
  if (!audience || *audience != "iris:" + cluster)
    return invalid(
      "the token is for another audience: expected \"iris:" + cluster + "\"");
  issued_claims read;
  for (auto reader : {read_names, read_rights, read_times})
    if (auto done = reader(*payload, read); !done)
      return done.failure();
  return read;
}

result<void> check_times(const issued_claims& x, timestamp now) {
  constexpr auto leeway_ms = std::chrono::milliseconds{token_leeway}.count();
  constexpr auto lifetime_ms_max =
    std::chrono::milliseconds{token_lifetime_max}.count();
  auto lifetime_ms = x.expires_at.ms - x.issued_at.ms;
  if (lifetime_ms <= 0 || lifetime_ms > lifetime_ms_max)
    return invalid("the token lives for " + std::to_string(lifetime_ms / 1000)
                   + " s: expected 1 to 86400 s from \"iat\" to \"exp\"");
  auto starts_ms = std::max(x.issued_at.ms, x.not_before.ms);
  if (starts_ms > now.ms + leeway_ms)
    return invalid("the token is not valid yet: expected \"iat\" and \"nbf\" "
                   "at most 30 s ahead of this node's clock");
  if (now.ms >= x.expires_at.ms + leeway_ms)
    return error{errc::token_expired,
                 "the token expired "
                   + std::to_string((now.ms - x.expires_at.ms) / 1000)
                   + " s ago: expected a newer one"};
  return {};
}

} // namespace iris::security
