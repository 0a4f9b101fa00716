#include "clients/cpp/url.hpp"

#include <doctest/doctest.h>

namespace url_test {

using namespace iris;
using client::url;

TEST_CASE("a URL says scheme, host, port and path") {
  CHECK(*url::parse("tcp://node-1:7000")
        == url{false, false, "node-1", "7000", "/"});
  CHECK(*url::parse("tls://10.0.0.1:1")
        == url{true, false, "10.0.0.1", "1", "/"});
  CHECK(*url::parse("ws://a:65535/chat?x=1")
        == url{false, true, "a", "65535", "/chat?x=1"});
  CHECK(*url::parse("wss://[::1]:443") == url{true, true, "::1", "443", "/"});
}

TEST_CASE("what is not such a URL is refused") {
  for (const auto* bad :
       {"",           "tcp",         "tcp://",       "tcp://a",
        "tcp://a:",   "tcp://:1",    "tcp://a:0",    "tcp://a:65536",
        "tcp://a:1x", "tcp://a:-1",  "tcp://a:1/",   "tls://a:1/x",
        "http://a:1", "TCP://a:1",   "tcp://a b:1",  "tcp://::1:7",
        "tcp://[::1", "tcp://u@a:1", "ws://a:1/a b", "ws://a:1/\n",
        "tcp://[]:1"})
    CHECK_MESSAGE(!url::parse(bad), bad);
}

} // namespace url_test
