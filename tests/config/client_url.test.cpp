#include "config/client_url.hpp"

#include "clients/cpp/url.hpp"
#include "config/load.hpp"

#include <doctest/doctest.h>

#include <string>

namespace client_url_test {

using namespace iris;
using config::is_client_url;

namespace {

/// As long as this in all.
std::string long_url(std::size_t bytes) {
  std::string out = "wss://a:1/";
  out.resize(bytes, 'x');
  return out;
}

} // namespace

TEST_CASE("what clients are told of a node is what their library can read") {
  for (const auto& good :
       {std::string{"tcp://a:1"}, std::string{"tls://chat-2.example.org:7301"},
        std::string{"tls://10.0.0.2:65535"}, std::string{"tls://[::1]:7301"},
        std::string{"ws://a:1"}, std::string{"wss://a:1/chat?x=1"},
        long_url(config::client_url_bytes_max)}) {
    CAPTURE(good);
    CHECK(is_client_url(good));
    CHECK(client::url::parse(good));
  }
}

TEST_CASE("what leads clients nowhere is no URL for them") {
  for (const auto& bad : {std::string{},
                          std::string{"tls"},
                          std::string{"tls://"},
                          std::string{"a:1"},
                          std::string{"tls://a"},
                          std::string{"tls://a:0"},
                          std::string{"tls://a:65536"},
                          std::string{"tls://:7301"},
                          std::string{"tls://0.0.0.0:7301"},
                          std::string{"tls://[::]:7301"},
                          std::string{"tls://10.0.0.256:1"},
                          std::string{"tls://::1:7301"},
                          std::string{"tls://a:1/"},
                          std::string{"tcp://a:1/x"},
                          std::string{"wss://a:1/a b"},
                          std::string{"wss://a:1/\n"},
                          std::string{"wss://u@a:1"},
                          std::string{"TLS://a:1"},
                          std::string{"https://a:1"},
                          std::string{"tls://a:1 "},
                          long_url(config::client_url_bytes_max + 1)}) {
    CAPTURE(bad);
    CHECK_FALSE(is_client_url(bad));
  }
}

TEST_CASE("a node has as many URLs as there are ways to connect") {
  std::string four = "'tcp://a:1', 'tls://a:2', 'ws://a:3', 'wss://a:4'";

  auto good = config::parse("listen.urls = [" + four
                              + "]\nlisten.ws.address = '127.0.0.1:7302'\n",
                            "f");

  REQUIRE(good);
  CHECK(good->listen.urls
        == std::vector<std::string>{"tcp://a:1", "tls://a:2", "ws://a:3",
                                    "wss://a:4"});
  CHECK_FALSE(
    config::parse("listen.urls = [" + four + ", 'tls://b:2']\n", "f"));
}

} // namespace client_url_test
