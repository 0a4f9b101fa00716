#include "security/host_name.hpp"

#include <doctest/doctest.h>

namespace host_name_test {

using namespace iris::security;

TEST_CASE("DNS names and addresses are told apart") {
  for (std::string name : {"localhost", "a.example.org", "*.example.org",
                           "iris_1", "127.0.0.1.example.org"})
    CHECK(kind_of_host(name) == host_kind::dns_name);
  for (std::string address : {"127.0.0.1", "::1", "2001:db8::1"})
    CHECK(kind_of_host(address) == host_kind::address);
}

TEST_CASE("what could smuggle a second name is no host name") {
  for (std::string bad :
       {"", ".", "a..b", "a,DNS:b", "a b", "-a", "a-", "*", "*a.org", "a.*.org",
        "a\n", "::1.org", "1.2.3.4 ", "ä.org", "DNS:a", "a/b"})
    CHECK_FALSE(kind_of_host(bad));
  CHECK_FALSE(kind_of_host(std::string{"a\0b", 3}));
  CHECK_FALSE(kind_of_host(std::string{"127.0.0.1\0.org", 14}));
  CHECK_FALSE(kind_of_host(std::string(64, 'a')));
  CHECK(kind_of_host(std::string(63, 'a')));
}

} // namespace host_name_test
