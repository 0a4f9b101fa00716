#include "security/tls_floor.hpp"

#include "security/openssl.hpp"
#include "security/tls.hpp"
#include "tests/cluster/links/rig.hpp"

namespace tls_floor_test {

using namespace iris;
using namespace iris::cluster::test;

namespace {

using context_ptr = security::openssl_ptr<SSL_CTX, SSL_CTX_free>;

} // namespace

TEST_CASE("contexts that a library makes take TLS 1.3, and ours are the same") {
  REQUIRE(security::require_tls13());
  REQUIRE(security::require_tls13());
  authority ca;
  auto files = ca.files_of({1});

  context_ptr theirs{SSL_CTX_new(TLS_method())};
  auto server = security::server_context(files.certificate, files.key);
  auto client = security::client_context(files.ca);

  REQUIRE(theirs);
  CHECK(SSL_CTX_get_min_proto_version(theirs.get()) == TLS1_3_VERSION);
  CHECK(SSL_CTX_get_security_level(theirs.get()) == 2);
  REQUIRE(server);
  REQUIRE(client);
  CHECK(SSL_CTX_get_min_proto_version(server->get()) == TLS1_3_VERSION);
  CHECK(SSL_CTX_get_max_proto_version(client->get()) == TLS1_3_VERSION);
}

} // namespace tls_floor_test
