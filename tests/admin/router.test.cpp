#include "admin/router.hpp"
#include "base/assert.hpp"
#include "tests/admin/sample_handlers.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <optional>
#include <stdexcept>

using namespace iris;
using namespace iris::admin;

namespace {

using headers = std::vector<std::pair<std::string, std::string>>;

constexpr auto as_operator = "Bearer operator";

answer ask(const handlers& to, const request& what) {
  std::optional<answer> given;
  router{to}.route(what, [&](answer x) {
    CHECK_FALSE(given);
    given = std::move(x);
  });
  REQUIRE(given);
  return *given;
}

answer get(std::string_view path, std::string_view authorization = "") {
  return ask(sample_handlers(), {"GET", path, authorization, ""});
}

answer post_token(std::string_view body) {
  return ask(sample_handlers(), {"POST", "/v1/tokens", as_operator, body});
}

} // namespace

TEST_CASE("a process that answers is healthy") {
  auto x = get("/healthz");

  CHECK(x.status == 200);
  CHECK(x.type == "text/plain; charset=utf-8");
  CHECK(x.body == "ok\n");
}

TEST_CASE("metrics have the type that Prometheus asks for") {
  auto x = get("/metrics");

  CHECK(x.status == 200);
  CHECK(x.type == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(x.body == "# HELP x X\n");
}

TEST_CASE("an operator asks for the comparison with a number") {
  auto post = [](std::string_view by, std::string_view body) {
    return ask(sample_handlers(), {"POST", "/v1/verify", by, body});
  };
  CHECK(post(as_operator, R"({"number":9007199254740992})").body
        == R"({"number":9007199254740992})");
  CHECK(post("Bearer user", R"({"number":1})").status == 403);
  for (auto body :
       {R"({"number":0})", R"({"number":9007199254740993})", R"({"number":-1})",
        R"({"number":"1"})", "{}", "", R"({"number":1,"more":2})", "[1]"}) {
    CAPTURE(body);
    CHECK(post(as_operator, body).status == 400);
  }
}

TEST_CASE("a query doesn't change the path") {
  CHECK(get("/healthz?probe=1").status == 200);
}

TEST_CASE("a node is ready when all checks pass") {
  auto to = sample_handlers();
  to.checks["raft"] = [] { return result<void>{}; };

  auto x = ask(to, {"GET", "/readyz", "", ""});

  CHECK(x.status == 200);
  CHECK(x.type == "application/json");
  CHECK(x.body == R"({"ready":true,"checks":{"raft":"ok","store":"ok"}})");
}

TEST_CASE("a node with a failing check is not ready and says which") {
  auto to = sample_handlers();
  to.checks["raft"] = []() -> result<void> {
    return error{errc::not_leader, "expected a leader for each shard"};
  };

  auto x = ask(to, {"GET", "/readyz", "", ""});

  CHECK(x.status == 503);
  CHECK(x.body
        == R"({"ready":false,"checks":{"raft":{"code":402,)"
           R"("name":"not_leader","text":"expected a leader for each shard"},)"
           R"("store":"ok"}})");
}

TEST_CASE("tree and status give an operator their JSON") {
  CHECK(get("/v1/tree", as_operator).body == R"({"name":"root"})");
  CHECK(get("/v1/status", as_operator).body == R"({"node":1})");
  CHECK(get("/v1/tree", "bEARER operator").status == 200);
}

TEST_CASE("who brings no bearer is asked for one") {
  for (std::string bad : {"", "Bearer", "Bearer ", "operator", "Basic operator",
                          "Bearer a operator", "Beareroperator"}) {
    CAPTURE(bad);
    for (auto path : {"/v1/tree", "/v1/status"}) {
      auto x = get(path, bad);
      CHECK(x.status == 401);
      CHECK(x.headers == headers{{"WWW-Authenticate", "Bearer"}});
      CHECK(x.body
            == R"({"code":200,"name":"unauthenticated","text":"expected the )"
               R"(header Authorization: Bearer <operator token>"})");
    }
  }
}

TEST_CASE("a bearer that is unknown or no operator is refused") {
  auto unknown = get("/v1/tree", "Bearer stranger");
  CHECK(unknown.status == 401);
  CHECK(unknown.body
        == R"({"code":201,"name":"token_invalid",)"
           R"("text":"expected a token of this cluster"})");

  auto user = get("/v1/tree", "Bearer user");
  CHECK(user.status == 403);
  CHECK(user.headers.empty());
  CHECK(user.body
        == R"({"code":203,"name":"forbidden",)"
           R"("text":"expected the role operator"})");
}

TEST_CASE("nothing is served and nothing issued before the bearer is checked") {
  auto to = sample_handlers();
  int called = 0;
  to.tree = to.status = [&](respond) { ++called; };
  to.issue_token = [&](const token_request&) -> result<std::string> {
    ++called;
    return std::string{};
  };

  ask(to, {"GET", "/v1/tree", "Bearer user", ""});
  ask(to, {"HEAD", "/v1/status", "", ""});
  ask(to, {"POST", "/v1/tokens", "Bearer user", R"({"user":"alice"})"});

  CHECK(called == 0);
}

TEST_CASE("an unknown path is answered with those that are known") {
  for (auto path : {"/", "", "/metrics/", "/v1", "/v1/tree/x", "*"}) {
    CAPTURE(path);
    auto x = get(path, as_operator);
    CHECK(x.status == 404);
    CHECK(x.body
          == R"({"code":308,"name":"not_found","text":"expected one of )"
             R"(/healthz, /metrics, /readyz, /v1/status, /v1/tokens, )"
             R"(/v1/tree, /v1/verify"})");
  }
}

TEST_CASE("a wrong method is answered with the right ones") {
  auto x = ask(sample_handlers(), {"POST", "/metrics", "", ""});
  CHECK(x.status == 405);
  CHECK(x.headers == headers{{"Allow", "GET, HEAD"}});
  CHECK(x.body
        == R"({"code":103,"name":"unknown_type","text":"expected GET"})");

  auto y = get("/v1/tokens", as_operator);
  CHECK(y.status == 405);
  CHECK(y.headers == headers{{"Allow", "POST"}});
  CHECK(y.body
        == R"({"code":103,"name":"unknown_type","text":"expected POST"})");
}

TEST_CASE("a token request reaches the issuer as it was meant") {
  auto to = sample_handlers();
  std::optional<token_request> seen;
  to.issue_token = [&](const token_request& x) -> result<std::string> {
    seen = x;
    return std::string{"a.b.c"};
  };

  auto x = ask(to, {"POST", "/v1/tokens", as_operator,
                    R"({"user":"alice","device":"phone","lifetime_s":60})"});

  CHECK(x.status == 200);
  CHECK(x.body == R"({"token":"a.b.c"})");
  CHECK(seen
        == token_request{*user_id::parse("alice"), *device_id::parse("phone"),
                         std::chrono::seconds{60}});
}

TEST_CASE("device and lifetime may be left out") {
  CHECK(post_token(R"({"user":"alice"})").body
        == R"({"token":"token of alice"})");
  CHECK(post_token(R"({"user":"alice","lifetime_s":1})").status == 200);
  CHECK(post_token(R"({"user":"alice","lifetime_s":86400})").status == 200);
}

TEST_CASE("a bad token request is answered with what was expected") {
  struct {
    std::string body, text;
  } cases[] = {
    {"", "expected a JSON object with user and, if wanted, device and "
         "lifetime_s"},
    {"[]", "expected a JSON object with user and, if wanted, device and "
           "lifetime_s"},
    {"{\"user\":\"alice\"", "expected a JSON object with user and, if wanted, "
                            "device and lifetime_s"},
    {R"({"device":"phone"})", "expected a JSON object with user and, if "
                              "wanted, device and lifetime_s"},
    {R"({"user":1})", "user: expected a string"},
    {R"({"user":"alice","device":null})", "device: expected a string"},
    {R"({"user":"alice","lifetime_s":0})",
     "lifetime_s: expected an integer from 1 to 86400"},
    {R"({"user":"alice","lifetime_s":86401})",
     "lifetime_s: expected an integer from 1 to 86400"},
    {R"({"user":"alice","lifetime_s":-1})",
     "lifetime_s: expected an integer from 1 to 86400"},
    {R"({"user":"alice","lifetime_s":1.5})",
     "lifetime_s: expected an integer from 1 to 86400"},
    {R"({"user":"alice","lifetime_s":true})",
     "lifetime_s: expected an integer from 1 to 86400"},
    {R"({"user":"alice","role":"operator"})",
     "expected no other key than user, device and lifetime_s"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.body);
    auto x = post_token(one.body);
    CHECK(x.status == 400);
    CHECK(x.body
          == R"({"code":102,"name":"bad_field","text":")" + one.text + "\"}");
  }
}

TEST_CASE("a name that is no name is refused with the rule for names") {
  auto rule = user_id::parse("a b").failure().context;

  auto x = post_token(R"({"user":"a b"})");

  CHECK(x.status == 400);
  CHECK(x.body.find("user: " + rule) != x.body.npos);
}

TEST_CASE("any body is answered once, with a status of its kind") {
  CHECK(rc::check([](const std::string& body) {
    auto x = post_token(body);
    RC_ASSERT(x.status == 400u);
  }));
}

TEST_CASE("an error of a handler becomes the status that fits it") {
  CHECK(status_of(errc::overloaded) == 503);
  CHECK(status_of(errc::not_leader) == 503);
  CHECK(status_of(errc::rate_limited) == 429);
  CHECK(status_of(errc::deadline_exceeded) == 504);
  CHECK(status_of(errc::not_found) == 404);
  CHECK(status_of(errc::token_expired) == 401);
  CHECK(status_of(errc::bad_field) == 400);
  CHECK(status_of(errc::already_exists) == 400);
  CHECK(status_of(errc::io_failed) == 500);

  auto to = sample_handlers();
  to.tree = [](respond done) {
    done(error{errc::overloaded, "expected fewer requests", 2500});
  };
  auto x = ask(to, {"GET", "/v1/tree", as_operator, ""});
  CHECK(x.status == 503);
  CHECK(x.headers == headers{{"Retry-After", "3"}});
  CHECK(x.body
        == R"({"code":400,"name":"overloaded",)"
           R"("text":"expected fewer requests"})");
}

TEST_CASE("a handler that throws is answered without what it threw") {
  auto to = sample_handlers();
  to.metrics = []() -> std::string { throw std::runtime_error{"secret"}; };

  auto x = ask(to, {"GET", "/metrics", "", ""});

  CHECK(x.status == 500);
  CHECK(x.body
        == R"({"code":500,"name":"internal",)"
           R"("text":"the handler of this request failed"})");
}

TEST_CASE("a router without all handlers is a fault of the wiring") {
  auto to = sample_handlers();
  to.authorize = nullptr;

  CHECK_THROWS_AS(router{to}, invariant_broken);
}
