// What a node says of certificates that end.
#include "apps/server.hpp"
#include "security/cluster_certificates.hpp"
#include "tests/security/temporary_directory.hpp"

#include <doctest/doctest.h>

namespace server_certificates_test {

using namespace iris;
using namespace std::chrono_literals;
using security::test::text_of;

namespace {

/// What a node of a cluster logs from its start to its end, whose certificate
/// is good for so long.
std::string log_with(std::chrono::hours lifetime) {
  security::test::temporary_directory folder;
  auto now = system_clock().wall_now();
  auto ca = security::make_cluster_ca(folder / "ca", "iris", now);
  REQUIRE(ca);
  auto files = security::make_node_certificate(
    folder.path(), {*ca, "iris", {1}, now, lifetime});
  REQUIRE(files);
  auto settings = config::defaults();
  settings.node.data_dir = folder / "data";
  settings.node.shards = 1;
  settings.node.threads = 1;
  settings.listen.tcp.address = {};
  settings.admin.address = {};
  settings.log.file = folder / "log";
  settings.cluster = {{"127.0.0.1", 0}, {}, files->ca, files->certificate, {}};
  {
    auto node = apps::server::start(settings);
    REQUIRE_MESSAGE(node, to_string(node.failure()));
  }
  return text_of(folder / "log");
}

std::size_t count(const std::string& text, const std::string& of) {
  std::size_t out = 0;
  for (auto at = text.find(of); at != text.npos; at = text.find(of, at + 1))
    ++out;
  return out;
}

} // namespace

TEST_CASE("a certificate that ends within two weeks is told, once a day") {
  auto log = log_with(10 * 24h);

  CHECK(count(log, "\"a certificate ends soon\" certificate=cluster ends=")
        == 1);
  // Some moments of the tenth day are over.
  CHECK(count(log, " days_left=9\n") == 1);
  CHECK(count(log, "a certificate ends soon") == 1);
}

TEST_CASE("a certificate with time left is not told of") {
  auto log = log_with(15 * 24h);

  CHECK(count(log, "a certificate") == 0);
  CHECK(count(log, "stopped") == 1);
}

} // namespace server_certificates_test
