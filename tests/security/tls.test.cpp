#include "security/tls.hpp"

#include "security/certificates.hpp"
#include "tests/security/temporary_directory.hpp"
#include "tests/security/tls_pair.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace tls_test {

using namespace iris;
using namespace iris::security;
using iris::security::test::temporary_directory;
using iris::security::test::tls_pair;

namespace {

/// A node with certificates for some names, and the contexts of both sides.
struct node {
  explicit node(const std::vector<std::string>& names,
                timestamp made_at = system_clock().wall_now()) {
    auto made = make_self_signed(directory.path(), names, made_at);
    REQUIRE(made);
    files = *made;
    auto server_made = server_context(files.cert, files.key);
    auto client_made = client_context(files.ca);
    REQUIRE(server_made);
    REQUIRE(client_made);
    server = *std::move(server_made);
    client = *std::move(client_made);
  }

  temporary_directory directory;
  certificate_files files;
  ssl_context_ptr server;
  ssl_context_ptr client;
};

/// Empty if the client connects to `host` at `to`, else the reason.
std::string connect(const node& from, const node& to, const std::string& host) {
  tls_pair pair{from.client.get(), to.server.get()};
  REQUIRE(set_peer_name(pair.client(), host));
  return pair.shake_hands();
}

/// The key as PEM, encrypted if there is a passphrase.
std::string pem_of(EVP_PKEY* key, const std::string& passphrase) {
  bio_ptr memory{BIO_new(BIO_s_mem())};
  REQUIRE(PEM_write_bio_PKCS8PrivateKey(
            memory.get(), key, passphrase.empty() ? nullptr : EVP_aes_256_cbc(),
            passphrase.data(), static_cast<int>(passphrase.size()), nullptr,
            nullptr)
          == 1);
  char* text = nullptr;
  auto size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("client and server meet in TLS 1.3") {
  node here{{"iris.example.org"}};
  tls_pair pair{here.client.get(), here.server.get()};
  REQUIRE(set_peer_name(pair.client(), "iris.example.org"));

  CHECK(pair.shake_hands() == "");

  CHECK(SSL_version(pair.client()) == TLS1_3_VERSION);
  CHECK(SSL_version(pair.server()) == TLS1_3_VERSION);
  CHECK(SSL_get_verify_result(pair.client()) == X509_V_OK);
  CHECK(pair.send("hello") == "hello");
  CHECK(
    std::string{SSL_get_servername(pair.server(), TLSEXT_NAMETYPE_host_name)}
    == "iris.example.org");
}

TEST_CASE("a server issues no tickets and keeps no sessions") {
  node here{{"localhost"}};
  tls_pair pair{here.client.get(), here.server.get()};
  REQUIRE(set_peer_name(pair.client(), "localhost"));
  REQUIRE(pair.shake_hands() == "");
  REQUIRE(pair.send("x") == "x");

  // The client would see tickets when it reads.
  char byte = 0;
  CHECK(SSL_read(pair.client(), &byte, 1) == -1);
  CHECK(SSL_SESSION_is_resumable(SSL_get_session(pair.client())) == 0);
  CHECK(SSL_CTX_sess_number(here.server.get()) == 0);
}

TEST_CASE("idle connections hold no buffers, writes may be partial and move") {
  node here{{"localhost"}};
  for (SSL_CTX* context : {here.server.get(), here.client.get()})
    for (long mode : {SSL_MODE_RELEASE_BUFFERS, SSL_MODE_ENABLE_PARTIAL_WRITE,
                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER})
      CHECK((SSL_CTX_get_mode(context) & mode) != 0);
}

TEST_CASE("a client that knows only TLS 1.2 is refused") {
  node here{{"localhost"}};
  ssl_context_ptr old{SSL_CTX_new(TLS_client_method())};
  REQUIRE(SSL_CTX_set_max_proto_version(old.get(), TLS1_2_VERSION) == 1);
  tls_pair pair{old.get(), here.server.get()};

  CHECK(contains(pair.shake_hands(), "unsupported protocol"));
}

TEST_CASE("a server that knows only TLS 1.2 is refused") {
  node here{{"localhost"}};
  REQUIRE(SSL_CTX_set_min_proto_version(here.server.get(), TLS1_2_VERSION)
          == 1);
  REQUIRE(SSL_CTX_set_max_proto_version(here.server.get(), TLS1_2_VERSION)
          == 1);

  CHECK(connect(here, here, "localhost") != "");
}

TEST_CASE("plain text on a TLS port is refused") {
  node here{{"localhost"}};
  ssl_ptr server{SSL_new(here.server.get())};
  bio_ptr input{BIO_new(BIO_s_mem())};
  bio_ptr output{BIO_new(BIO_s_mem())};
  REQUIRE(BIO_puts(input.get(), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
          > 0);
  SSL_set_bio(server.get(), input.release(), output.release());

  ERR_clear_error();
  int outcome = SSL_accept(server.get());

  CHECK(SSL_get_error(server.get(), outcome) == SSL_ERROR_SSL);
  CHECK(contains(take_openssl_errors(), "http request"));
}

TEST_CASE("a certificate of an unknown CA is refused") {
  node here{{"localhost"}};
  node there{{"localhost"}};

  CHECK(connect(here, here, "localhost") == "");
  CHECK(
    contains(connect(here, there, "localhost"), "certificate verify failed"));
}

TEST_CASE("an expired certificate is refused") {
  auto now = system_clock().wall_now();
  constexpr std::int64_t lifetime_ms =
    std::chrono::milliseconds{self_signed_lifetime}.count();
  constexpr std::int64_t day_ms = 86'400'000;
  node fresh{{"localhost"}, {now.ms - lifetime_ms + day_ms}};
  node old{{"localhost"}, {now.ms - lifetime_ms - day_ms}};

  CHECK(connect(fresh, fresh, "localhost") == "");
  CHECK(contains(connect(old, old, "localhost"), "certificate verify failed"));
}

TEST_CASE("a certificate fits the names it was made for and no other") {
  node here{{"iris.example.org", "*.wild.org", "127.0.0.1", "::1"}};

  for (std::string right :
       {"iris.example.org", "IRIS.example.org", "a.wild.org", "127.0.0.1",
        "::1", "0:0:0:0:0:0:0:1"})
    CHECK(connect(here, here, right) == "");
  for (std::string wrong : {"example.org", "a.iris.example.org", "wild.org",
                            "a.b.wild.org", "127.0.0.2", "::2", "localhost"})
    CHECK(contains(connect(here, here, wrong), "certificate verify failed"));
}

TEST_CASE("a client that named no peer trusts nobody") {
  node here{{"localhost"}};
  tls_pair pair{here.client.get(), here.server.get()};

  CHECK(contains(pair.shake_hands(), "certificate verify failed"));
}

TEST_CASE("an invalid host name can't be expected") {
  node here{{"localhost"}};
  ssl_ptr connection{SSL_new(here.client.get())};

  for (const auto& bad :
       {std::string{}, std::string{"a b"}, std::string{"localhost\0.org", 14}})
    CHECK(set_peer_name(connection.get(), bad).failure().code
          == errc::bad_field);
}

TEST_CASE("wrong certificate and key files are refused by their names") {
  node here{{"localhost"}};
  node other{{"localhost"}};
  auto junk = here.directory / "junk";
  test::write_secret(junk, "junk");
  auto refusal = [](const std::filesystem::path& cert,
                    const std::filesystem::path& key) {
    auto made = server_context(cert, key);
    REQUIRE_FALSE(made);
    CHECK(contains(made.failure().context, "expected"));
    CHECK(ERR_peek_error() == 0);
    return made.failure();
  };

  auto missing = here.directory / "none";
  CHECK(contains(refusal(missing, here.files.key).context, "No such file"));
  CHECK(contains(refusal(missing, here.files.key).context, missing.string()));
  CHECK(refusal(here.files.cert, missing).code == errc::not_found);
  CHECK(refusal(junk, here.files.key).code == errc::config_invalid);
  CHECK(refusal(here.files.cert, junk).code == errc::config_invalid);
  CHECK(refusal(here.files.cert, here.files.cert).code == errc::config_invalid);
  CHECK(contains(refusal(here.files.cert, other.files.key).context,
                 "key values mismatch"));
  CHECK(client_context(missing).failure().code == errc::config_invalid);
  CHECK(client_context(junk).failure().code == errc::config_invalid);
}

TEST_CASE("a key that others can read is refused") {
  node here{{"localhost"}};
  std::filesystem::permissions(here.files.key,
                               std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);

  auto made = server_context(here.files.cert, here.files.key);

  CHECK(made.failure().code == errc::config_invalid);
  CHECK(contains(made.failure().context, "expected 0600"));
}

TEST_CASE("a key of another kind than the certificate's is refused") {
  node here{{"localhost"}};
  pkey_ptr key{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")};
  auto file = here.directory / "other.key";
  test::write_secret(file, pem_of(key.get(), ""));

  auto made = server_context(here.files.cert, file);

  REQUIRE_FALSE(made);
  CHECK(made.failure().code == errc::config_invalid);
  CHECK(contains(made.failure().context, "expected the key of the first"));
}

TEST_CASE("a key with a passphrase is refused, and nobody is asked for it") {
  node here{{"localhost"}};
  pkey_ptr key{EVP_EC_gen("P-256")};
  auto file = here.directory / "locked.key";
  test::write_secret(file, pem_of(key.get(), "secret"));

  auto made = server_context(here.files.cert, file);

  REQUIRE_FALSE(made);
  CHECK(made.failure().code == errc::config_invalid);
  CHECK(contains(made.failure().context, "without passphrase"));
}

} // namespace tls_test
