#include "security/cluster_certificates.hpp"

#include "security/tls.hpp"
#include "tests/security/temporary_directory.hpp"

#include <fstream>

#include <openssl/x509v3.h>

namespace cluster_certificates_test {

using namespace iris;
using namespace iris::security;
using iris::security::test::temporary_directory;
using iris::security::test::text_of;
using std::chrono::hours;
using std::filesystem::perms;

namespace {

constexpr timestamp now{1'700'000'000'000};
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t head_start_ms = 5 * 60 * 1000;

x509_ptr load(const std::filesystem::path& file) {
  auto loaded = read_certificate(file);
  REQUIRE(loaded);
  return std::move(*loaded);
}

cluster_ca make_ca(const std::filesystem::path& directory,
                   std::string_view cluster = "demo") {
  auto made = make_cluster_ca(directory, cluster, now);
  REQUIRE(made);
  return *made;
}

/// Node 7 of the cluster demo.
node_certificate seven(cluster_ca ca) {
  return {std::move(ca), "demo", node_id{7}, now};
}

bool is_owners_only(const std::filesystem::path& file) {
  return std::filesystem::status(file).permissions()
         == (perms::owner_read | perms::owner_write);
}

} // namespace

TEST_CASE("a cluster's CA signs nodes, for ten years, and its key is secret") {
  temporary_directory directory;

  auto ca = make_ca(directory / "new");

  auto loaded = load(ca.certificate);
  CHECK(X509_check_ca(loaded.get()) == 1);
  CHECK(last_moment(loaded.get())
        == timestamp{now.ms + 3650 * day_ms - head_start_ms - 1000});
  CHECK(is_owners_only(ca.key));
  CHECK(text_of(ca.certificate).find("PRIVATE") == std::string::npos);
  CHECK(read_private_key(ca.key));
}

TEST_CASE("a CA's name may be as long as a cluster's") {
  temporary_directory directory;
  CHECK(make_cluster_ca(directory.path(), std::string(64, 'a'), now));
}

TEST_CASE("a CA is never replaced") {
  temporary_directory directory;
  auto ca = make_ca(directory.path());
  auto before = text_of(ca.certificate) + text_of(ca.key);

  auto again = make_cluster_ca(directory.path(), "demo", now);

  CHECK(again.failure().code == errc::already_exists);
  CHECK(text_of(ca.certificate) + text_of(ca.key) == before);
}

TEST_CASE("a node's certificate is for both ends of a link, and is named") {
  temporary_directory directory;
  auto ca = make_ca(directory.path());

  auto files = make_node_certificate(directory / "node", seven(ca));

  REQUIRE(files);
  CHECK(files->ca == ca.certificate);
  CHECK(files->certificate == directory / "node" / "node-7.pem");
  CHECK(files->key == files->certificate);
  CHECK(is_owners_only(files->key));
  auto authority = load(ca.certificate);
  auto leaf = load(files->certificate);
  CHECK(X509_check_issued(authority.get(), leaf.get()) == X509_V_OK);
  CHECK(X509_verify(leaf.get(), X509_get0_pubkey(authority.get())) == 1);
  CHECK(X509_get_extended_key_usage(leaf.get())
        == (XKU_SSL_SERVER | XKU_SSL_CLIENT));
  auto key = read_private_key(files->key);
  REQUIRE(key);
  CHECK(X509_check_private_key(leaf.get(), key->get()) == 1);
  CHECK(last_moment(leaf.get())
        == timestamp{now.ms + 825 * day_ms - head_start_ms - 1000});
  auto named = named_node(leaf.get(), "demo");
  REQUIRE(named);
  CHECK(*named == node_id{7});
  CHECK(node_name("demo", node_id{7}) == "urn:iris:demo:node:7");
}

TEST_CASE("one file serves as certificate and as key of a TLS server") {
  temporary_directory directory;
  auto files =
    make_node_certificate(directory.path(), seven(make_ca(directory.path())));
  REQUIRE(files);
  CHECK(server_context(files->certificate, files->key));
}

TEST_CASE("a certificate names nobody of another cluster") {
  temporary_directory directory;
  auto ca = make_ca(directory.path());
  auto files = make_node_certificate(directory.path(), seven(ca));
  REQUIRE(files);
  auto leaf = load(files->certificate);

  for (auto cluster : {"dem", "demo2", "", "demo:node:7"}) {
    auto found = named_node(leaf.get(), cluster);
    REQUIRE_FALSE(found);
    CHECK(found.failure().code == errc::forbidden);
    CHECK(found.failure().context.find("urn:iris:demo:node:7")
          != std::string::npos);
  }
  auto of_ca = named_node(load(ca.certificate).get(), "demo");
  CHECK(of_ca.failure().code == errc::forbidden);
}

TEST_CASE("a certificate ends with its CA") {
  temporary_directory directory;
  auto ca = make_ca(directory.path());
  auto late = seven(ca);
  late.now.ms += 3649 * day_ms;

  auto files = make_node_certificate(directory.path(), late);

  REQUIRE(files);
  CHECK(last_moment(load(files->certificate).get())
        == last_moment(load(ca.certificate).get()));
}

TEST_CASE("who signed is found among other authorities of the same name") {
  temporary_directory directory;
  auto old = make_ca(directory / "old");
  auto ca = make_ca(directory / "new");
  auto files = make_node_certificate(directory.path(), seven(ca));
  REQUIRE(files);
  auto own = load(files->certificate);
  auto both = directory / "both.pem";
  std::ofstream{both} << text_of(old.certificate) << text_of(ca.certificate);

  auto found = read_issuer(both, own.get());

  REQUIRE(found);
  CHECK(X509_cmp(found->get(), load(ca.certificate).get()) == 0);
  auto none = read_issuer(old.certificate, own.get());
  REQUIRE_FALSE(none);
  CHECK(none.failure().code == errc::config_invalid);
  CHECK(read_issuer(directory / "nothing", own.get()).failure().code
        == errc::not_found);
}

TEST_CASE("a CA signs for its own cluster only") {
  temporary_directory directory;
  auto theirs = make_ca(directory / "theirs", "other");

  auto made = make_node_certificate(directory.path(), seven(theirs));

  REQUIRE_FALSE(made);
  CHECK(made.failure().code == errc::config_invalid);
  CHECK(made.failure().context.find("urn:iris:other:ca: expected "
                                    "urn:iris:demo:ca")
        != std::string::npos);
}

TEST_CASE("a CA's key is the one of its certificate") {
  temporary_directory directory;
  auto ours = make_ca(directory / "ours");
  ours.key = make_ca(directory / "others").key;

  auto made = make_node_certificate(directory.path(), seven(ours));

  REQUIRE_FALSE(made);
  CHECK(made.failure().code == errc::config_invalid);
  CHECK(made.failure().context.find("is not the key of") != std::string::npos);
}

TEST_CASE("without a CA there is no certificate") {
  temporary_directory directory;

  auto made = make_node_certificate(
    directory.path(),
    seven({directory / "cluster-ca.pem", directory / "cluster-ca.key"}));

  CHECK(made.failure()
        == error{errc::not_found, "no file "
                                    + (directory / "cluster-ca.pem").string()
                                    + ": expected a PEM certificate"});
}

TEST_CASE("a node's certificate is no CA's, and signs nothing") {
  temporary_directory directory;
  auto files =
    make_node_certificate(directory.path(), seven(make_ca(directory.path())));
  REQUIRE(files);
  auto next = seven({files->certificate, files->key});
  next.node = {8};

  CHECK(make_node_certificate(directory.path(), next).failure().code
        == errc::config_invalid);
}

TEST_CASE("what is no name, number or period is refused, and makes nothing") {
  temporary_directory directory;
  auto ca = make_ca(directory.path());
  CHECK(make_cluster_ca(directory / "x", "a,b", now).failure().code
        == errc::bad_field);
  auto unnamed = seven(ca), nobody = seven(ca), brief = seven(ca);
  unnamed.cluster = "a,DNS:b";
  nobody.node = {0};
  brief.lifetime = hours{0};
  for (const auto& what : {unnamed, nobody, brief})
    CHECK(make_node_certificate(directory / "x", what).failure().code
          == errc::bad_field);
  CHECK_FALSE(std::filesystem::exists(directory / "x"));
}

TEST_CASE("a certificate is replaced by a rotation only") {
  temporary_directory directory;
  auto ca = make_ca(directory.path());
  auto files = make_node_certificate(directory.path(), seven(ca));
  REQUIRE(files);
  auto before = text_of(files->certificate);
  auto again = make_node_certificate(directory.path(), seven(ca));
  CHECK(again.failure().code == errc::already_exists);
  CHECK(text_of(files->certificate) == before);
  // As a rotation leaves it that was cut short.
  test::write_secret(directory / "node-7.pem.new", "half of it");

  auto rotated = rotate_node_certificate(directory.path(), seven(ca));

  REQUIRE(rotated);
  CHECK(rotated->certificate == files->certificate);
  CHECK(is_owners_only(files->certificate));
  CHECK(server_context(rotated->certificate, rotated->key));
  auto after = text_of(files->certificate);
  CHECK(after.substr(0, after.find("-----END"))
        != before.substr(0, before.find("-----END")));
  CHECK(directory.file_count() == 3);
}

TEST_CASE("a rotation replaces nothing but the certificate of that node") {
  temporary_directory directory;
  auto ca = make_ca(directory.path());
  CHECK(rotate_node_certificate(directory.path(), seven(ca)).failure().code
        == errc::not_found);
  auto eight = seven(ca);
  eight.node = {8};
  REQUIRE(make_node_certificate(directory.path(), eight));
  std::filesystem::rename(directory / "node-8.pem", directory / "node-7.pem");
  auto before = text_of(directory / "node-7.pem");

  auto rotated = rotate_node_certificate(directory.path(), seven(ca));

  CHECK(rotated.failure().code == errc::config_invalid);
  CHECK(text_of(directory / "node-7.pem") == before);
}

} // namespace cluster_certificates_test
