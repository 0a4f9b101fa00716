#include "security/certificates.hpp"

#include "security/openssl.hpp"
#include "tests/security/temporary_directory.hpp"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace certificates_test {

using namespace iris;
using namespace iris::security;
using iris::security::test::temporary_directory;
using std::filesystem::perms;

namespace {

using x509_ptr = openssl_ptr<X509, X509_free>;

constexpr timestamp now{1'700'000'000'000};

x509_ptr load(const std::filesystem::path& file) {
  bio_ptr source{BIO_new_file(file.c_str(), "r")};
  REQUIRE(source);
  x509_ptr loaded{PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr)};
  REQUIRE(loaded);
  return loaded;
}

} // namespace

TEST_CASE("a first start gets a CA and a certificate for the node") {
  temporary_directory directory;

  auto files = make_self_signed(directory.path(), {"localhost"}, now);

  REQUIRE(files);
  auto ca = load(files->ca);
  auto leaf = load(files->cert);
  CHECK(X509_check_ca(ca.get()) == 1);
  CHECK(X509_check_ca(leaf.get()) == 0);
  CHECK((X509_get_extension_flags(leaf.get()) & EXFLAG_CA) == 0);
  CHECK(X509_check_issued(ca.get(), leaf.get()) == X509_V_OK);
  CHECK(X509_verify(leaf.get(), X509_get0_pubkey(ca.get())) == 1);
  CHECK(X509_get_extended_key_usage(leaf.get()) == XKU_SSL_SERVER);
  CHECK(X509_get_key_usage(leaf.get()) == KU_DIGITAL_SIGNATURE);
  CHECK(X509_check_host(leaf.get(), "localhost", 0, 0, nullptr) == 1);
  CHECK(EVP_PKEY_get_bits(X509_get0_pubkey(leaf.get())) == 256);
}

TEST_CASE("the node's key is its owner's only, the CA's is nowhere") {
  temporary_directory directory;

  auto files = make_self_signed(directory.path(), {"localhost"}, now);

  REQUIRE(files);
  CHECK(std::filesystem::status(files->key).permissions()
        == (perms::owner_read | perms::owner_write));
  CHECK(directory.file_count() == 3);
  for (const auto& file : {files->ca, files->cert})
    CHECK(test::text_of(file).find("PRIVATE") == std::string::npos);
  auto leaf = load(files->cert);
  bio_ptr source{BIO_new_file(files->key.c_str(), "r")};
  pkey_ptr key{
    PEM_read_bio_PrivateKey(source.get(), nullptr, nullptr, nullptr)};
  REQUIRE(key);
  CHECK(X509_check_private_key(leaf.get(), key.get()) == 1);
  CHECK(EVP_PKEY_eq(key.get(), X509_get0_pubkey(load(files->ca).get())) != 1);
}

TEST_CASE("certificates hold for 825 days and not a second longer") {
  temporary_directory directory;

  auto files = make_self_signed(directory.path(), {"localhost"}, now);

  REQUIRE(files);
  for (const auto& file : {files->ca, files->cert}) {
    auto loaded = load(file);
    time_t from = now.ms / 1000 - 5 * 60;
    time_t last = from + 825 * 86'400 - 1;
    CHECK(ASN1_TIME_cmp_time_t(X509_get0_notBefore(loaded.get()), from) == 0);
    CHECK(ASN1_TIME_cmp_time_t(X509_get0_notAfter(loaded.get()), last) == 0);
  }
}

TEST_CASE("files that are there are kept") {
  temporary_directory directory;
  auto files = make_self_signed(directory.path(), {"localhost"}, now);
  REQUIRE(files);
  auto before = test::text_of(files->ca) + test::text_of(files->cert)
                + test::text_of(files->key);

  CHECK(make_self_signed(directory.path(), {"other"}, now));

  CHECK(test::text_of(files->ca) + test::text_of(files->cert)
          + test::text_of(files->key)
        == before);
}

TEST_CASE("some of the files without the others are an error, and are kept") {
  for (std::string gone : {"ca.pem", "node.pem", "node.key"}) {
    temporary_directory directory;
    REQUIRE(make_self_signed(directory.path(), {"localhost"}, now));
    std::filesystem::remove(directory / gone.c_str());

    auto again = make_self_signed(directory.path(), {"localhost"}, now);

    CHECK(again.failure().code == errc::config_invalid);
    CHECK(again.failure().context.find(gone + ":") != std::string::npos);
    CHECK(directory.file_count() == 2);
  }
}

TEST_CASE("a missing directory is made") {
  temporary_directory directory;

  CHECK(make_self_signed(directory / "a" / "b", {"localhost"}, now));

  CHECK(std::filesystem::exists(directory / "a" / "b" / "node.key"));
}

TEST_CASE("a name that is none is refused before anything is written") {
  temporary_directory directory;
  for (const auto& names : {std::vector<std::string>{},
                            {"a,DNS:b"},
                            {"localhost", ""},
                            std::vector<std::string>(101, "a")})
    CHECK(make_self_signed(directory.path(), names, now).failure().code
          == errc::bad_field);
  CHECK(directory.file_count() == 0);
}

TEST_CASE("two first starts share neither key nor serial number") {
  temporary_directory directory;
  auto a = make_self_signed(directory / "a", {"localhost"}, now);
  auto b = make_self_signed(directory / "b", {"localhost"}, now);
  REQUIRE(a);
  REQUIRE(b);

  auto x = load(a->cert);
  auto y = load(b->cert);

  CHECK(ASN1_INTEGER_cmp(X509_get0_serialNumber(x.get()),
                         X509_get0_serialNumber(y.get()))
        != 0);
  CHECK(EVP_PKEY_eq(X509_get0_pubkey(x.get()), X509_get0_pubkey(y.get())) != 1);
}

} // namespace certificates_test
