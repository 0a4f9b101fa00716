#include "security/tls.hpp"

#include "security/host_name.hpp"
#include "security/pem.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace iris::security {

namespace {

/// Reserved for never existing (RFC 6761, section 6.4).
constexpr std::string_view nobody = "nobody.invalid";

error refused(errc code, const std::string& text) {
  return {code, text + " (" + take_openssl_errors() + ")"};
}

result<ssl_context_ptr> make_context(const SSL_METHOD* method) {
  ERR_clear_error();
  ssl_context_ptr context{SSL_CTX_new(method)};
  if (!context
      || SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) != 1
      || SSL_CTX_set_max_proto_version(context.get(), TLS1_3_VERSION) != 1)
    return refused(errc::internal,
                   "can't make a TLS context: expected OpenSSL with TLS 1.3");
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS
                                    | SSL_MODE_ENABLE_PARTIAL_WRITE
                                    | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

result<void> use_key(SSL_CTX* context, const std::filesystem::path& file) {
  auto key = read_private_key(file);
  if (!key)
    return key.failure();
  if (SSL_CTX_use_PrivateKey(context, key->get()) != 1
      || SSL_CTX_check_private_key(context) != 1)
    return refused(errc::config_invalid,
                   file.string()
                     + " is not the certificate's: expected the "
                       "key of the first certificate");
  return {};
}

/// RFC 6066, section 3: the server name extension carries no addresses.
bool expect_address(SSL* connection, const std::string& host) {
  auto expected = SSL_get0_param(connection);
  return X509_VERIFY_PARAM_set1_host(expected, nullptr, 0) == 1
         && X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) == 1;
}

bool expect_name(SSL* connection, const std::string& host) {
  auto expected = SSL_get0_param(connection);
  SSL_set_hostflags(connection, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
                                  | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return X509_VERIFY_PARAM_set1_host(expected, host.data(), host.size()) == 1
         && SSL_set_tlsext_host_name(connection, host.c_str()) == 1;
}

} // namespace

result<ssl_context_ptr> server_context(const std::filesystem::path& cert_file,
                                       const std::filesystem::path& key_file) {
  auto context = make_context(TLS_server_method());
  if (!context)
    return context;
  auto raw = context->get();
  SSL_CTX_set_options(raw, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(raw, 0);
  if (SSL_CTX_use_certificate_chain_file(raw, cert_file.c_str()) != 1)
    return refused(errc::config_invalid,
                   "can't use the certificates in " + cert_file.string()
                     + ": expected a PEM chain, the node's own first");
  if (auto used = use_key(raw, key_file); !used)
    return used.failure();
  return context;
}

result<ssl_context_ptr> client_context(const std::filesystem::path& ca_file) {
  auto context = make_context(TLS_client_method());
  if (!context)
    return context;
  auto raw = context->get();
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_file(raw, ca_file.c_str()) != 1)
    return refused(errc::config_invalid,
                   "can't use the certificates in " + ca_file.string()
                     + ": expected PEM certificates to trust");
  // Until a peer is named, none is right: forgetting it must not mean anyone.
  if (X509_VERIFY_PARAM_set1_host(SSL_CTX_get0_param(raw), nobody.data(),
                                  nobody.size())
      != 1)
    return refused(errc::internal, "can't make a TLS context");
  return context;
}

result<void> set_peer_name(SSL* connection, const std::string& host) {
  auto kind = kind_of_host(host);
  bool valid = kind == host_kind::address    ? expect_address(connection, host)
               : kind == host_kind::dns_name ? expect_name(connection, host)
                                             : false;
  ERR_clear_error();
  if (!valid)
    return error{errc::bad_field, "can't connect to this host: expected a DNS "
                                  "name or an IP address"};
  return {};
}

} // namespace iris::security
