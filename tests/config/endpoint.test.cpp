#include "config/endpoint.hpp"

#include <doctest/doctest.h>

namespace endpoint_test {

using iris::config::endpoint;
using iris::config::is_host;

TEST_CASE("an address reads as it is written") {
  for (std::string good :
       {"127.0.0.1:7300", "0.0.0.0:0", "[::1]:65535", "[2001:db8::7]:80",
        "localhost:7300", "chat-1.example.org:443", ""}) {
    INFO(good);
    auto x = endpoint::parse(good);
    REQUIRE(x);
    CHECK(x->str() == good);
  }
}

TEST_CASE("an address has a host without brackets, and a port") {
  CHECK(endpoint::parse("[::1]:7300") == endpoint{"::1", 7300});
  CHECK(endpoint::parse("localhost:1") == endpoint{"localhost", 1});
  CHECK(endpoint::parse("")->off());
}

TEST_CASE("what is not an address is refused") {
  for (std::string bad : {"7300",
                          ":7300",
                          "127.0.0.1",
                          "127.0.0.1:",
                          "127.0.0.1:65536",
                          "127.0.0.1:-1",
                          "127.0.0.1:+1",
                          "127.0.0.1:7300 ",
                          " 127.0.0.1:7300",
                          "127.0.0.1:7300:1",
                          "300.0.0.1:1",
                          "1.2.3:1",
                          "::1:7300",
                          "[::1]",
                          "[::g]:1",
                          "[127.0.0.1]:1",
                          "[]:1",
                          "[:1",
                          "a b:1",
                          "-a:1",
                          "a-:1",
                          "a..b:1",
                          ".a:1",
                          "a.:1",
                          "a_b:1",
                          "\xc3\xa4:1",
                          "http://a:1"}) {
    INFO(bad);
    CHECK_FALSE(endpoint::parse(bad));
  }
  CHECK_FALSE(endpoint::parse(std::string_view{"127.0.0.1\0:1", 12}));
  CHECK_FALSE(endpoint::parse(std::string_view{"[::1\0]:1", 8}));
}

TEST_CASE("loopback is what only this machine can reach") {
  for (std::string near :
       {"127.0.0.1:1", "127.255.0.7:1", "[::1]:1", "localhost:1"})
    CHECK(endpoint::parse(near)->loopback());
  for (std::string far : {"0.0.0.0:1", "128.0.0.1:1", "126.255.255.255:1",
                          "[::]:1", "[::2]:1", "localhost.example.org:1"})
    CHECK_FALSE(endpoint::parse(far)->loopback());
}

TEST_CASE("two addresses clash on one port, unless the system chooses it") {
  endpoint local{"127.0.0.1", 7300};

  CHECK(local.clashes_with(local));
  CHECK(local.clashes_with({"0.0.0.0", 7300}));
  CHECK(endpoint{"::", 7300}.clashes_with(local));
  CHECK_FALSE(local.clashes_with({"127.0.0.1", 7301}));
  CHECK_FALSE(local.clashes_with({"127.0.0.2", 7300}));
  CHECK_FALSE(endpoint{"127.0.0.1", 0}.clashes_with({"127.0.0.1", 0}));
  CHECK_FALSE(endpoint{}.clashes_with(endpoint{}));
}

TEST_CASE("labels and names of hosts are bounded") {
  CHECK(is_host(std::string(63, 'a')));
  CHECK_FALSE(is_host(std::string(64, 'a')));

  std::string name;
  for (int i = 0; i < 126; ++i)
    name += "a.";
  CHECK(is_host(name + "a"));
  CHECK_FALSE(is_host(name + "aa"));
}

} // namespace endpoint_test
