#include "admin/router.hpp"
#include "base/assert.hpp"
#include "tests/admin/sample_handlers.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck.h>

#include <optional>
#include <stdexcept>

namespace router_test {

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

TEST_CASE("an operator has a replica repaired") {
  auto post = [](std::string_view by, std::string_view body) {
    return ask(sample_handlers(), {"POST", "/v1/repair", by, body});
  };
  CHECK(post(as_operator, R"({"shard":3})").body == R"({"shard":3})");
  CHECK(post("Bearer user", R"({"shard":3})").status == 403);
  CHECK(post(as_operator, R"({"shard":65536})").status == 400);
  CHECK(post(as_operator, "{}").status == 400);
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
  to.nodes = to.shards = to.tree;
  to.change = [&](const cluster_change&, respond) { ++called; };
  to.issue_token = [&](const token_request&) -> result<std::string> {
    ++called;
    return std::string{};
  };

  for (auto path : {"/v1/tree", "/v1/nodes", "/v1/shards"})
    ask(to, {"GET", path, "Bearer user", ""});
  ask(to, {"POST", "/v1/nodes/remove", "Bearer user", R"({"id":1})"});
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
             R"(/healthz, /metrics, /readyz, /v1/nodes, /v1/nodes/drain, )"
             R"(/v1/nodes/remove, /v1/repair, /v1/shards, /v1/shards/move, )"
             R"(/v1/shards/transfer, /v1/status, /v1/tokens, /v1/tree, )"
             R"(/v1/verify"})");
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

  auto z = ask(sample_handlers(), {"PUT", "/v1/nodes", as_operator, ""});
  CHECK(z.status == 405);
  CHECK(z.headers == headers{{"Allow", "GET, HEAD, POST"}});
  CHECK(z.body
        == R"({"code":103,"name":"unknown_type","text":"expected GET or )"
           R"(POST"})");
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

TEST_CASE("what is asked of the cluster arrives as it was meant") {
  auto to = sample_handlers();
  std::optional<cluster_change> seen;
  to.change = [&](const cluster_change& x, respond done) {
    seen = x;
    done(std::string{"{}"});
  };
  struct {
    std::string_view path;
    std::string_view body;
    cluster_change meant;
  } cases[] = {
    {"/v1/nodes", R"({"id":4,"address":"a.example:7400","zone":"b"})",
     add_node{{4}, "a.example:7400", "b"}},
    {"/v1/nodes", R"({"id":4294967295,"address":"[::1]:1"})",
     add_node{{4'294'967'295}, "[::1]:1", ""}},
    {"/v1/nodes/drain", R"({"id":4,"on":false})", drain_node{{4}, false}},
    {"/v1/nodes/drain", R"({"id":4,"on":true})", drain_node{{4}, true}},
    {"/v1/nodes/remove", R"({"id":4})", remove_node{{4}}},
    {"/v1/shards/move", R"({"shard":0,"from":1,"to":2})",
     move_shard{{0}, {1}, {2}}},
    {"/v1/shards/transfer", R"({"shard":7,"to":2})", transfer_shard{{7}, {2}}},
  };
  for (const auto& one : cases) {
    CAPTURE(one.body);
    CHECK(ask(to, {"POST", one.path, as_operator, one.body}).status == 200);
    CHECK(seen == one.meant);
  }
}

TEST_CASE("what can't be asked of the cluster is answered with what can") {
  constexpr auto an_address = "address: expected host:port where the other "
                              "nodes reach it, with a port from 1 on and no "
                              "wildcard";
  struct {
    std::string_view path;
    std::string body;
    std::string text;
  } cases[] = {
    {"/v1/nodes/remove", "", "expected a JSON object {\"id\"}"},
    {"/v1/nodes/remove", "[4]", "expected a JSON object {\"id\"}"},
    {"/v1/nodes/remove", "{}", "expected a JSON object {\"id\"}"},
    {"/v1/nodes/remove", R"({"id":0})",
     "id: expected an integer from 1 to 4294967295"},
    {"/v1/nodes/remove", R"({"id":-1})",
     "id: expected an integer from 1 to 4294967295"},
    {"/v1/nodes/remove", R"({"id":4294967296})",
     "id: expected an integer from 1 to 4294967295"},
    {"/v1/nodes/remove", R"({"id":"1"})",
     "id: expected an integer from 1 to 4294967295"},
    {"/v1/nodes/remove", R"({"id":1,"force":true})",
     "expected no other key than in {\"id\"}"},
    {"/v1/nodes", R"({"id":1})",
     "expected a JSON object {\"id\",\"address\"} and, if wanted, \"zone\""},
    {"/v1/nodes", R"({"id":1,"address":""})", an_address},
    {"/v1/nodes", R"({"id":1,"address":"a"})", an_address},
    {"/v1/nodes", R"({"id":1,"address":"a:0"})", an_address},
    {"/v1/nodes", R"({"id":1,"address":"0.0.0.0:7400"})", an_address},
    {"/v1/nodes", R"({"id":1,"address":"[::]:7400"})", an_address},
    {"/v1/nodes", R"({"id":1,"address":"a:1","zone":7})",
     "zone: expected a string of at most 64 bytes"},
    {"/v1/nodes",
     R"({"id":1,"address":"a:1","zone":")" + std::string(65, 'z') + "\"}",
     "zone: expected a string of at most 64 bytes"},
    {"/v1/nodes/drain", R"({"id":1})",
     "expected a JSON object {\"id\",\"on\"}"},
    {"/v1/nodes/drain", R"({"id":1,"on":1})", "on: expected true or false"},
    {"/v1/shards/move", R"({"shard":65536,"from":1,"to":2})",
     "shard: expected an integer from 0 to 65535"},
    {"/v1/shards/transfer", R"({"shard":1.5,"to":2})",
     "shard: expected an integer from 0 to 65535"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.body);
    auto x = ask(sample_handlers(), {"POST", one.path, as_operator, one.body});
    CHECK(x.status == 400);
    auto said = nlohmann::json::parse(x.body);
    CHECK(said["name"] == "bad_field");
    CHECK(said["text"] == one.text);
  }
}

TEST_CASE("the cluster's refusal is the answer") {
  auto to = sample_handlers();
  to.change = [](const cluster_change&, respond done) {
    done(error{errc::illegal_state, "node 1 is active"});
  };

  auto x = ask(to, {"POST", "/v1/nodes/remove", as_operator, R"({"id":1})"});

  CHECK(x.status == 400);
  CHECK(x.body
        == R"({"code":104,"name":"illegal_state","text":"node 1 is active"})");
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

} // namespace router_test
