#include "admin/router.hpp"

#include "base/assert.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>

namespace iris::admin {
namespace {

using nlohmann::ordered_json;

std::string dump(const ordered_json& x) {
  return x.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

ordered_json to_json(const error& what) {
  return {{"code", static_cast<unsigned>(what.code)},
          {"name", to_string(what.code)},
          {"text", what.context}};
}

error bad_token_request(std::string text) {
  return {errc::bad_field, std::move(text)};
}

template <class Name>
result<Name> parse_name(const char* key, const ordered_json& value) {
  auto text = value.get_ptr<const std::string*>();
  auto name =
    text ? Name::parse(*text) : error{errc::bad_field, "expected a string"};
  if (!name)
    return bad_token_request(std::string{key} + ": " + name.failure().context);
  return name;
}

result<std::chrono::seconds> parse_lifetime(const ordered_json& value) {
  constexpr auto max = token_request::lifetime_max.count();
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() < 1
      || value.get<std::uint64_t>() > std::uint64_t{max})
    return bad_token_request("lifetime_s: expected an integer from 1 to "
                             + std::to_string(max));
  return std::chrono::seconds{value.get<std::int64_t>()};
}

result<token_request> parse_token_request(std::string_view body) {
  auto in = ordered_json::parse(body, nullptr, false);
  if (!in.is_object() || !in.contains("user"))
    return bad_token_request("expected a JSON object with user and, if "
                             "wanted, device and lifetime_s");
  token_request out;
  for (const auto& [key, value] : in.items()) {
    if (key == "user") {
      auto user = parse_name<user_id>("user", value);
      if (!user)
        return user.failure();
      out.user = *user;
    } else if (key == "device") {
      auto device = parse_name<device_id>("device", value);
      if (!device)
        return device.failure();
      out.device = *device;
    } else if (key == "lifetime_s") {
      auto lifetime = parse_lifetime(value);
      if (!lifetime)
        return lifetime.failure();
      out.lifetime = *lifetime;
    } else {
      return bad_token_request(
        "expected no other key than user, device and lifetime_s");
    }
  }
  return out;
}

/// The one member of an object, from `least` to `most`.
result<std::uint64_t> parse_number(std::string_view body, const char* key,
                                   std::uint64_t least, std::uint64_t most) {
  auto in = ordered_json::parse(body, nullptr, false);
  if (in.is_object() && in.size() == 1 && in.contains(key)
      && in[key].is_number_unsigned()) {
    auto out = in[key].get<std::uint64_t>();
    if (out >= least && out <= most)
      return out;
  }
  return error{errc::bad_field, "expected a JSON object with "
                                  + std::string{key} + ", an integer from "
                                  + std::to_string(least) + " to "
                                  + std::to_string(most)};
}

/// RFC 9110, section 11.4: the scheme is compared without case.
std::string_view bearer_of(std::string_view header) {
  constexpr std::string_view scheme = "bearer ";
  if (header.size() <= scheme.size())
    return {};
  auto same = [](char expected, char got) {
    return std::tolower(static_cast<unsigned char>(got)) == expected;
  };
  if (!std::equal(scheme.begin(), scheme.end(), header.begin(), same))
    return {};
  header.remove_prefix(scheme.size());
  return header.find(' ') == header.npos ? header : std::string_view{};
}

answer json_answer(std::string body, unsigned status = 200) {
  return {status, "application/json", std::move(body), {}};
}

answer failed(const error& what) {
  return failure(status_of(what.code), what);
}

respond responder(const router::reply& done) {
  return [done](result<std::string> x) {
    done(x ? json_answer(*std::move(x)) : failed(x.failure()));
  };
}

} // namespace

struct router::endpoint {
  std::string_view path;
  std::string_view method;
  bool for_operators;
  void (router::*serve)(const request&, const reply&) const;
};

unsigned status_of(errc code) noexcept {
  switch (code) {
  case errc::unauthenticated:
  case errc::token_invalid:
  case errc::token_expired:
    return 401;
  case errc::forbidden:
    return 403;
  case errc::not_found:
    return 404;
  case errc::rate_limited:
    return 429;
  case errc::deadline_exceeded:
    return 504;
  default:
    break;
  }
  if (retryable(code))
    return 503;
  auto group = static_cast<unsigned>(code) / 100;
  return group == 1 || group == 3 ? 400 : 500;
}

answer failure(unsigned status, const error& what) {
  auto result = json_answer(dump(to_json(what)), status);
  if (status == 401)
    result.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (status == 503) {
    auto wait_s = std::max(1u, (what.retry_after_ms + 999) / 1000);
    result.headers.emplace_back("Retry-After", std::to_string(wait_s));
  }
  return result;
}

router::router(handlers to) : to_(std::move(to)) {
  IRIS_ASSERT(to_.metrics && to_.tree && to_.status && to_.verify
              && to_.issue_token && to_.authorize && to_.nodes && to_.shards
              && to_.change && to_.repair);
}

const std::vector<router::endpoint>& router::endpoints() {
  static const std::vector<endpoint> all{
    {"/healthz", "GET", false, &router::healthz},
    {"/metrics", "GET", false, &router::metrics},
    {"/readyz", "GET", false, &router::readyz},
    {"/v1/nodes", "GET", true, &router::nodes},
    {"/v1/nodes", "POST", true, &router::change<parse_add_node>},
    {"/v1/nodes/drain", "POST", true, &router::change<parse_drain_node>},
    {"/v1/nodes/remove", "POST", true, &router::change<parse_remove_node>},
    {"/v1/repair", "POST", true, &router::repair},
    {"/v1/shards", "GET", true, &router::shards},
    {"/v1/shards/move", "POST", true, &router::change<parse_move_shard>},
    {"/v1/shards/transfer", "POST", true,
     &router::change<parse_transfer_shard>},
    {"/v1/status", "GET", true, &router::status},
    {"/v1/tokens", "POST", true, &router::tokens},
    {"/v1/tree", "GET", true, &router::tree},
    {"/v1/verify", "POST", true, &router::verify},
  };
  return all;
}

void router::route(const request& what, reply done) const {
  try {
    dispatch(what, done);
  } catch (const std::exception&) {
    // The exception's text may hold anything: it isn't for the outside.
    done(failed({errc::internal, "the handler of this request failed"}));
  }
}

void router::dispatch(const request& what, const reply& done) const {
  auto path = what.target.substr(0, what.target.find('?'));
  auto method = what.method == "HEAD" ? "GET" : what.method;
  auto i = std::find_if(
    endpoints().begin(), endpoints().end(),
    [&](const endpoint& x) { return x.path == path && x.method == method; });
  if (i == endpoints().end())
    return done(wrong_method(path));
  if (i->for_operators)
    if (auto allowed = authorize(what.authorization); !allowed)
      return done(failed(allowed.failure()));
  (this->*i->serve)(what, done);
}

answer router::unknown_path() {
  std::string text;
  std::string_view last;
  for (const auto& x : endpoints())
    if (x.path != std::exchange(last, x.path))
      text.append(text.empty() ? "expected one of " : ", ").append(x.path);
  return failure(404, {errc::not_found, text});
}

answer router::wrong_method(std::string_view path) {
  std::string expected, allowed;
  for (const auto& x : endpoints())
    if (x.path == path) {
      expected.append(expected.empty() ? "expected " : " or ").append(x.method);
      allowed.append(allowed.empty() ? "" : ", ")
        .append(x.method == "GET" ? "GET, HEAD" : x.method);
    }
  if (expected.empty())
    return unknown_path();
  auto out = failure(405, {errc::unknown_type, expected});
  out.headers.emplace_back("Allow", allowed);
  return out;
}

result<void> router::authorize(std::string_view header) const {
  auto bearer = bearer_of(header);
  if (bearer.empty())
    return error{errc::unauthenticated,
                 "expected the header Authorization: Bearer <operator token>"};
  return to_.authorize(bearer);
}

void router::metrics(const request&, const reply& done) const {
  done({200, "text/plain; version=0.0.4; charset=utf-8", to_.metrics(), {}});
}

void router::healthz(const request&, const reply& done) const {
  done({200, "text/plain; charset=utf-8", "ok\n", {}});
}

void router::readyz(const request&, const reply& done) const {
  bool ready = true;
  auto checks = ordered_json::object();
  for (const auto& [name, check] : to_.checks) {
    auto passed = check();
    ready = ready && passed;
    checks[name] = passed ? ordered_json("ok") : to_json(passed.failure());
  }
  done(json_answer(dump({{"ready", ready}, {"checks", checks}}),
                   ready ? 200 : 503));
}

void router::tree(const request&, const reply& done) const {
  to_.tree(responder(done));
}

void router::status(const request&, const reply& done) const {
  to_.status(responder(done));
}

void router::verify(const request& what, const reply& done) const {
  auto number =
    parse_number(what.body, "number", 1, verify_request::number_max);
  if (!number)
    return done(failed(number.failure()));
  to_.verify({*number}, responder(done));
}

void router::repair(const request& what, const reply& done) const {
  auto shard = parse_number(what.body, "shard", 0, UINT16_MAX);
  if (!shard)
    return done(failed(shard.failure()));
  to_.repair({{static_cast<std::uint16_t>(*shard)}}, responder(done));
}

void router::nodes(const request&, const reply& done) const {
  to_.nodes(responder(done));
}

void router::shards(const request&, const reply& done) const {
  to_.shards(responder(done));
}

template <auto Parse>
void router::change(const request& what, const reply& done) const {
  auto wanted = Parse(what.body);
  if (!wanted)
    return done(failed(wanted.failure()));
  to_.change(*wanted, responder(done));
}

void router::tokens(const request& what, const reply& done) const {
  auto wanted = parse_token_request(what.body);
  if (!wanted)
    return done(failed(wanted.failure()));
  auto token = to_.issue_token(*wanted);
  done(token ? json_answer(dump({{"token", *token}}))
             : failed(token.failure()));
}

} // namespace iris::admin
