#include "apps/cli/local_key.hpp"

#include "config/load.hpp"

#include <doctest/doctest.h>

namespace local_key_test {

using namespace iris;

namespace {

/// Where a client reaches the node of this configuration: "server ca".
std::string address_of(const std::string& toml) {
  auto settings =
    config::parse("[node]\ndata_dir = \"/data\"\n" + toml, "iris.toml");
  REQUIRE(settings);
  auto found = cli::local_address_of(*settings);
  if (!found)
    return to_string(found.failure());
  return found->server + ' ' + found->ca;
}

} // namespace

TEST_CASE(
  "a node's own machine reaches it where it listens, best without TLS") {
  const std::string none = "[listen.tcp]\naddress = \"\"\n";
  const std::string tls = "[listen.tls]\naddress = \"[::1]:4\"\n";
  const std::string wss = "[listen.wss]\naddress = \"localhost:5\"\n";
  const std::string made = "[tls]\ngenerate = true\n";
  const std::string own = "[tls]\ncertificate = \"c\"\nkey = \"k\"\n";
  const std::pair<std::string, std::string> cases[] = {
    {"", "tcp://127.0.0.1:7300 "},
    {"[listen.tcp]\naddress = \"localhost:1\"\n", "tcp://localhost:1 "},
    {"[listen]\ninsecure = true\n[listen.tcp]\naddress = \"0.0.0.0:2\"\n",
     "tcp://127.0.0.1:2 "},
    {"[listen]\ninsecure = true\n[listen.tcp]\naddress = \"[::]:2\"\n",
     "tcp://[::1]:2 "},
    {none + "[listen.ws]\naddress = \"127.0.0.1:3\"\n" + tls + made,
     "ws://127.0.0.1:3 "},
    {none + tls + wss + made, "tls://[::1]:4 /data/ca.pem"},
    {none + wss + own, "wss://localhost:5 "}};

  for (const auto& x : cases) {
    CAPTURE(x.first);
    CHECK(address_of(x.first) == x.second);
  }
}

TEST_CASE("a port that the system chooses is not known from a configuration") {
  CHECK(address_of("[listen.tcp]\naddress = \"127.0.0.1:0\"\n")
        == "usage (601): --config: expected --server too, for this "
           "configuration names no port for clients");
}

} // namespace local_key_test
