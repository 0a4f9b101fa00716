#include "security/cluster_certificates.hpp"
#include "security/tls.hpp"
#include "tests/apps/command_line.hpp"
#include "tests/security/temporary_directory.hpp"

#include <nlohmann/json.hpp>

namespace cli_cert_test {

using namespace iris;
using namespace iris::test;
using security::test::temporary_directory;
using security::test::text_of;

namespace {

/// A folder with the authority of the cluster demo.
struct authority {
  authority() {
    REQUIRE(run_iris({"cert", "create-ca", "--cluster", "demo", "--dir",
                      folder.path().string()})
              .code
            == 0);
  }

  run_outcome node_7(const std::string& command,
                     const std::string& dir = {}) const {
    return run_iris({"--json", "cert", command, "--cluster", "demo", "--node",
                     "7", "--ca", folder.path().string(), "--dir",
                     dir.empty() ? folder.path().string() : dir, "--lifetime",
                     "48h"});
  }

  temporary_directory folder;
};

} // namespace

TEST_CASE("an authority is made, and where each of its files belongs is told") {
  temporary_directory folder;

  auto run = run_iris({"cert", "create-ca", "--cluster", "demo", "--dir",
                       (folder / "ca").string()});

  CHECK(run.code == 0);
  CHECK(run.err == "");
  auto ca = (folder / "ca" / "cluster-ca.pem").string();
  CHECK(
    run.out.starts_with(ca + ": for every node, as cluster.ca; good until 20"));
  CHECK(run.out.ends_with((folder / "ca" / "cluster-ca.key").string()
                          + ": signs nodes; keep it safe, and on no node\n"));
}

TEST_CASE("an authority is not made twice") {
  authority ca;

  auto run = run_iris({"cert", "create-ca", "--cluster", "demo", "--dir",
                       ca.folder.path().string()});

  CHECK(run.code == 1);
  CHECK(run.err.find("cluster-ca.key is there already") != std::string::npos);
}

TEST_CASE("a node's certificate is made, and what a program needs of it told") {
  authority ca;

  auto run = ca.node_7("create-node", (ca.folder / "node").string());

  CHECK(run.code == 0);
  auto said = nlohmann::json::parse(run.out);
  auto file = ca.folder / "node" / "node-7.pem";
  CHECK(said["certificate"] == file.string());
  CHECK(said["name"] == "urn:iris:demo:node:7");
  CHECK(said["ca"] == (ca.folder / "cluster-ca.pem").string());
  auto loaded = security::read_certificate(file);
  REQUIRE(loaded);
  CHECK(said["until_ms"] == security::last_moment(loaded->get()).ms);
  CHECK(security::server_context(file, file));
}

TEST_CASE("for people, a certificate is a line") {
  authority ca;

  auto run =
    run_iris({"cert", "create-node", "--cluster", "demo", "--node", "3", "--ca",
              ca.folder.path().string(), "--dir", ca.folder.path().string()});

  CHECK(run.code == 0);
  CHECK(run.out.starts_with((ca.folder / "node-3.pem").string()
                            + ": urn:iris:demo:node:3 with its key, for that "
                              "node alone, as cluster.certificate; good until "
                              "20"));
}

TEST_CASE("a certificate is replaced by a rotation only") {
  authority ca;
  REQUIRE(ca.node_7("create-node").code == 0);
  auto before = text_of(ca.folder / "node-7.pem");

  auto again = ca.node_7("create-node");
  CHECK(again.code == 1);
  CHECK(text_of(ca.folder / "node-7.pem") == before);
  auto rotated = ca.node_7("rotate");

  CHECK(rotated.code == 0);
  CHECK(text_of(ca.folder / "node-7.pem") != before);
}

} // namespace cli_cert_test
