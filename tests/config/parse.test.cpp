#include "tests/config/bad_configs.hpp"

#include <doctest/doctest.h>

#include <set>

namespace parse_test {

using namespace iris::config;
using iris::test::bad_configs;
using namespace std::chrono_literals;

namespace {

std::string told(const outcome& x) {
  return to_string(x.problems());
}

} // namespace

TEST_CASE("every bad configuration is refused, and told why") {
  CHECK(bad_configs().size() >= 45);
  for (const auto& bad : bad_configs()) {
    INFO(bad.name);
    auto x = parse(bad.toml, "f", bad.variables);
    CHECK_FALSE(x);
    CHECK(told(x) == bad.problems);
  }
}

TEST_CASE("bad configurations have names of their own") {
  std::set<std::string_view> names;
  for (const auto& bad : bad_configs())
    CHECK(names.insert(bad.name).second);
}

TEST_CASE("what is said is what is set") {
  auto x = parse(R"(
[node]
name = "berlin"
id = 3
threads = 2
[listen]
insecure = true
tcp.address = "0.0.0.0:7300"
tls.address = "[::]:7301"
[tls]
certificate = "a.pem"
key = "b.pem"
names = ["chat.example.org", "::1"]
[limits]
output_bytes = "2MiB"
idle_timeout = "90s"
sends_per_second = 50
[retention]
messages = "365d"
[log]
level = "warn"
format = "json"
file = "/var/log/iris.log"
)",
                 "f");

  REQUIRE_MESSAGE(x, told(x));
  CHECK(x->node.name == "berlin");
  CHECK(x->node.id == 3);
  CHECK(x->node.threads == 2);
  CHECK(x->listen.tcp.address == endpoint{"0.0.0.0", 7300});
  CHECK(x->listen.tls.address == endpoint{"::", 7301});
  CHECK(x->tls.key == "b.pem");
  CHECK(x->tls.names == std::vector<std::string>{"chat.example.org", "::1"});
  CHECK(x->limits.output_bytes == 2ULL << 20);
  CHECK(x->limits.idle_timeout == 90s);
  CHECK(x->limits.sends_per_second == 50);
  CHECK(x->retention.messages == 365 * 24h);
  CHECK(x->log.level == log_level::warn);
  CHECK(x->log.format == log_format::json);
  CHECK(x->log.file == "/var/log/iris.log");
  CHECK(x->limits.mailbox == 1024);
}

TEST_CASE("a variable of each type overrides the file") {
  auto x = parse("node.id = 2\nlog.level = 'error'", "f",
                 {{"IRIS_NODE_ID", "3"},
                  {"IRIS_NODE_NAME", "berlin"},
                  {"IRIS_NODE_DATA_DIR", "/data, and more"},
                  {"IRIS_LISTEN_TCP_ADDRESS", ""},
                  {"IRIS_LISTEN_WS_ADDRESS", "[::1]:80"},
                  {"IRIS_LISTEN_INSECURE", "true"},
                  {"IRIS_TLS_NAMES", "a, 10.0.0.1 ,b.c"},
                  {"IRIS_STORAGE_CACHE", "1 GiB"},
                  {"IRIS_LIMITS_IDLE_TIMEOUT", "2m"},
                  {"IRIS_LOG_LEVEL", "debug"}});

  REQUIRE_MESSAGE(x, told(x));
  CHECK(x->node.id == 3);
  CHECK(x->node.name == "berlin");
  CHECK(x->node.data_dir == "/data, and more");
  CHECK(x->listen.tcp.address.off());
  CHECK(x->listen.ws.address == endpoint{"::1", 80});
  CHECK(x->listen.insecure);
  CHECK(x->tls.names == std::vector<std::string>{"a", "10.0.0.1", "b.c"});
  CHECK(x->storage.cache == 1ULL << 30);
  CHECK(x->limits.idle_timeout == 2min);
  CHECK(x->log.level == log_level::debug);
}

TEST_CASE("variables that only share the prefix are ignored") {
  // As an orchestrator sets them for a service named "iris".
  CHECK(parse("", "f",
              {{"IRIS_SERVICE_HOST", "10.0.0.1"},
               {"IRIS_PORT", "tcp://10.0.0.1:7300"},
               {"IRIS_ADMIN_PORT", "tcp://10.0.0.1:7380"},
               {"IRIS_LOG_DIR", "/var/log"},
               {"IRIS_", ""},
               {"IRIS_NODE_I\n", "1"},
               {"PATH", "/bin"}}));
}

TEST_CASE("no value of a rule is judged when it is wrong by itself") {
  // The certificate could be there, but for its type.
  auto x = parse("listen.tls.address = '0.0.0.0:1'\ntls.certificate = 1", "f");

  REQUIRE(x.problems().size() == 1);
  CHECK(x.problems()[0].name == "tls.certificate");
}

TEST_CASE("no rule is asked about a file that is not TOML") {
  auto x = parse("tls.key =", "f", {{"IRIS_LISTEN_TLS_ADDRESS", "0.0.0.0:1"}});

  REQUIRE(x.problems().size() == 1);
  CHECK(x.problems()[0].where.line == 1);
}

TEST_CASE("a refused outcome has no settings") {
  CHECK_THROWS_AS((void)*parse("node.id = 0", "f"), iris::invariant_broken);
}

} // namespace parse_test
