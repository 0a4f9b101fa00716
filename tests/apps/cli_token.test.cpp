#include "base/clock.hpp"
#include "security/key_file.hpp"
#include "security/tokens.hpp"
#include "tests/apps/canned_http.hpp"
#include "tests/apps/command_line.hpp"
#include "tests/security/temporary_directory.hpp"

#include <nlohmann/json.hpp>

namespace cli_token_test {

using namespace iris;
using namespace iris::test;
using security::test::temporary_directory;

namespace {

/// The folder of a node that has started once.
struct node_folder {
  node_folder() {
    std::ofstream{folder / "iris.toml"}
      << "[node]\nname = \"demo\"\ndata_dir = \"" << folder.path().string()
      << "\"\n[auth]\ntoken_lifetime = \"2h\"\n";
    auto key =
      security::load_or_create_signing_key(folder / "signing-key.json");
    REQUIRE(key);
    verifier.add(key->public_part());
  }

  std::string config() const { return folder / "iris.toml"; }

  result<security::issued_claims> verify(std::string token) const {
    REQUIRE(token.ends_with('\n'));
    token.pop_back();
    return verifier.verify(token, system_clock().wall_now());
  }

  temporary_directory folder;
  security::token_verifier verifier{"demo"};
};

} // namespace

TEST_CASE("an issued token is all there is, and verifies") {
  node_folder node;

  auto run = run_iris({"token", "issue", "--user", "alice", "--device", "phone",
                       "--lifetime", "30m", "--config", node.config()});

  CHECK(run.code == 0);
  CHECK(run.err == "");
  auto claims = node.verify(run.out);
  REQUIRE(claims);
  CHECK(claims->user.str() == "alice");
  REQUIRE(claims->device);
  CHECK(claims->device->str() == "phone");
  CHECK(claims->roles == std::set{security::role::user});
  CHECK(claims->expires_at.ms - claims->issued_at.ms == 30 * 60 * 1000);
}

TEST_CASE("without a lifetime a token has that of the configuration") {
  node_folder node;

  auto run =
    run_iris({"token", "issue", "--user", "alice", "-c", node.config()});

  auto claims = node.verify(run.out);
  REQUIRE(claims);
  CHECK_FALSE(claims->device);
  CHECK(claims->expires_at.ms - claims->issued_at.ms == 2 * 3600 * 1000);
}

TEST_CASE("an operator's token is for nothing else") {
  node_folder node;

  auto run = run_iris({"token", "issue", "--user", "ops", "--role", "operator",
                       "-c", node.config()});

  auto claims = node.verify(run.out);
  REQUIRE(claims);
  CHECK(claims->roles == std::set{security::role::cluster_operator});
}

TEST_CASE("a token for programs is JSON") {
  node_folder node;

  auto run = run_iris(
    {"--json", "token", "issue", "--user", "alice", "-c", node.config()});

  auto said = nlohmann::json::parse(run.out);
  REQUIRE(said.size() == 1);
  CHECK(node.verify(said["token"].get<std::string>() + "\n"));
}

TEST_CASE("without the node's key no token is made, and no key either") {
  temporary_directory folder;
  std::ofstream{folder / "iris.toml"} << "[node]\ndata_dir = \""
                                      << folder.path().string() << "\"\n";

  auto run = run_iris({"token", "issue", "--user", "alice", "-c",
                       (folder / "iris.toml").string()});

  CHECK(run.code == 1);
  CHECK(run.out == "");
  CHECK(run.err.find("iris: can't issue a token for alice\nwhy: not_found")
        == 0);
  CHECK(folder.file_count() == 1);
}

TEST_CASE("a wrong configuration issues nothing") {
  node_folder node;
  std::ofstream{node.folder / "iris.toml", std::ios::app} << "[nod]\n";

  auto run =
    run_iris({"token", "issue", "--user", "alice", "-c", node.config()});

  CHECK(run.code == 2);
  CHECK(run.out == "");
}

TEST_CASE("a node asked over HTTP is told who, and proven that it may") {
  node_folder node;
  std::ofstream{node.folder / "operator.jwt"} << " abc.def.ghi \n";
  canned_http admin{{{"/v1/tokens", {200, R"({"token":"x.y.z"})"}}}};

  auto run = run_iris({"token", "issue", "--user", "alice", "--device", "phone",
                       "--lifetime", "1h", "--admin", admin.url(),
                       "--token-file", node.folder / "operator.jwt"});

  CHECK(run.code == 0);
  CHECK(run.out == "x.y.z\n");
  auto asked = admin.finish();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].method == "POST");
  CHECK(asked[0].authorization == "Bearer abc.def.ghi");
  CHECK(asked[0].body
        == R"({"user":"alice","device":"phone","lifetime_s":3600})");
}

TEST_CASE("a node that refuses is told from one that fails") {
  canned_http refusing{
    {{"/v1/tokens",
      {401, R"({"code":201,"name":"token_invalid","text":"expected …"})"}}}};
  canned_http failing{{{"/v1/tokens", {500, "oh"}}}};
  canned_http strange{{{"/v1/tokens", {200, "[]"}}}};

  auto issue = [](const canned_http& at) {
    return run_iris({"token", "issue", "--user", "a", "--admin", at.url()});
  };

  auto refused = issue(refusing);
  CHECK(refused.code == 4);
  CHECK(refused.err.find("why: token_invalid (201): expected …\n")
        != std::string::npos);
  CHECK(refused.err.ends_with(
    "; or sign it where the node's key is: --config FILE\n"));
  CHECK(issue(failing).code == 1);
  CHECK(issue(strange).code == 1);
}

} // namespace cli_token_test
