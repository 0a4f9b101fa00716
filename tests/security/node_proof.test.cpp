#include "security/node_proof.hpp"

#include "security/x509.hpp"
#include "tests/security/temporary_directory.hpp"

namespace node_proof_test {

using namespace iris;
using namespace iris::security;
using iris::security::test::temporary_directory;
using iris::security::test::write_secret;

namespace {

constexpr timestamp now{1'700'000'000'000};
constexpr std::int64_t day_ms = 86'400'000;

struct cluster {
  explicit cluster(const char* called = "demo") : name(called) {
    auto made = make_cluster_ca(directory.path(), name, now);
    REQUIRE(made);
    ca = *made;
  }

  cluster_files files(std::uint64_t node) const {
    auto made =
      make_node_certificate(directory.path(), {ca, name, node_id{node}, now});
    REQUIRE(made);
    return *made;
  }

  node_judge judge(timestamp at = now) const {
    return {ca.certificate, name, at};
  }

  std::string name;
  temporary_directory directory;
  cluster_ca ca;
};

errc code(const result<node_id>& x) {
  return x ? errc::none : x.failure().code;
}

} // namespace

TEST_CASE("a proof names the node that signed these words") {
  cluster demo;
  auto proof = prove_node(demo.files(7), "words");
  REQUIRE(proof);

  auto who = proven_node(demo.judge(), *proof, "words");
  REQUIRE(who);
  CHECK(*who == node_id{7});
  CHECK(code(proven_node(demo.judge(), *proof, "other words"))
        == errc::forbidden);
}

TEST_CASE("a proof needs the key of the certificate that it shows") {
  cluster demo;
  auto proof = prove_node(demo.files(7), "words");
  auto other = prove_node(demo.files(8), "words");
  REQUIRE(proof);
  REQUIRE(other);

  proof->certificate = other->certificate;

  CHECK(code(proven_node(demo.judge(), *proof, "words")) == errc::forbidden);
}

TEST_CASE("a proof is judged by CA, cluster and time") {
  cluster demo, second, other{"other"};
  auto proof = prove_node(demo.files(7), "words");
  REQUIRE(proof);
  auto by = demo.judge();

  SUBCASE("another CA of the same name") {
    by.ca = second.ca.certificate;
  }
  SUBCASE("another cluster") {
    by.cluster = other.name;
  }
  SUBCASE("too late") {
    by.now.ms += 826 * day_ms;
  }
  SUBCASE("too early") {
    by.now.ms -= day_ms;
  }

  CHECK(code(proven_node(by, *proof, "words")) == errc::forbidden);
}

TEST_CASE("what is no proof is refused") {
  cluster demo;
  auto proof = prove_node(demo.files(7), "words");
  REQUIRE(proof);

  for (auto broken :
       {node_proof{"", proof->signature}, node_proof{proof->certificate, ""},
        node_proof{std::string(100, 'x'), "x"}})
    CHECK(code(proven_node(demo.judge(), broken, "words")) == errc::forbidden);
  CHECK(code(proven_node({demo.directory / "none.pem", "demo", now}, *proof,
                         "words"))
        == errc::config_invalid);
}

TEST_CASE("a node without its key proves nothing") {
  cluster demo;
  auto mine = demo.files(7), others = demo.files(8);

  auto proof = prove_node({mine.ca, mine.certificate, others.key}, "words");

  REQUIRE(!proof);
  CHECK(proof.failure().code == errc::config_invalid);
  CHECK(proof.failure().context.find("expected the key of")
        != std::string::npos);
}

TEST_CASE("files are good if the key is that of the certificate") {
  cluster demo;
  auto mine = demo.files(7), others = demo.files(8);

  CHECK(check_files(mine));
  auto mixed = check_files({mine.ca, mine.certificate, others.key});
  REQUIRE(!mixed);
  CHECK(mixed.failure().context.find("expected the key of")
        != std::string::npos);
  mine.ca = demo.directory / "none.pem";
  CHECK(!check_files(mine));
}

TEST_CASE("files are checked without a signature") {
  cluster demo;
  auto ca = read_certificate(demo.ca.certificate);
  auto ca_key = read_private_key(demo.ca.key);
  REQUIRE(ca);
  REQUIRE(ca_key);
  // Such a key can't sign anything.
  pkey_ptr key{EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519")};
  auto made = sign({ca->get(), ca_key->get()}, key.get(),
                   {"node 7", now, std::chrono::hours{24},
                    leaf_extensions("serverAuth", "URI:urn:iris:demo:node:7")});
  REQUIRE(made);
  auto file = demo.directory / "mute.pem";
  write_secret(file, to_pem(made.get()) + to_pem(key.get()));
  cluster_files files{demo.ca.certificate, file, file};

  CHECK(!prove_node(files, ""));
  CHECK(check_files(files));
}

} // namespace node_proof_test
