#include "clients/cpp/tls.hpp"

#include "clients/cpp/reasons.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509v3.h>
#include <system_error>
#include <unistd.h>

namespace iris::client {

namespace {

bool is_address(const std::string& host) {
  unsigned char bytes[16];
  return inet_pton(AF_INET, host.c_str(), bytes) == 1
         || inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

/// OpenSSL says the same of a file that isn't there and of one that holds
/// something else.
error no_authorities(const std::string& file) {
  if (!file.empty() && ::access(file.c_str(), R_OK) != 0)
    return {errc::config_invalid, file + ": "
                                    + std::generic_category().message(errno)
                                    + ", expected a file of PEM certificates"};
  return {errc::config_invalid, "expected PEM certificates in " + file};
}

} // namespace

result<std::shared_ptr<tls_context>>
tls_context::create(const std::string& ca_file) {
  auto out = std::make_shared<tls_context>();
  out->context_.reset(SSL_CTX_new(TLS_client_method()));
  auto* context = out->context_.get();
  if (context == nullptr)
    return error{errc::config_invalid, "expected OpenSSL to work"};
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS
                              | SSL_MODE_ENABLE_PARTIAL_WRITE
                              | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  auto trusts = ca_file.empty()
                  ? SSL_CTX_set_default_verify_paths(context)
                  : SSL_CTX_load_verify_file(context, ca_file.c_str());
  ERR_clear_error();
  if (trusts != 1)
    return no_authorities(ca_file);
  return out;
}

void tls_context::expect_host(SSL* connection, const std::string& host) {
  auto* param = SSL_get0_param(connection);
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (is_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_host(param, host.c_str(), host.size());
    SSL_set_tlsext_host_name(connection, host.c_str());
  }
}

error tls_context::failure(const SSL* connection, int reason) {
  auto verdict = SSL_get_verify_result(connection);
  if (verdict != X509_V_OK)
    return {errc::no_connection, std::string{reasons::untrusted} + ": "
                                   + X509_verify_cert_error_string(verdict)};
  if (reason == SSL_R_WRONG_VERSION_NUMBER
      || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING)
    return {errc::no_connection, std::string{reasons::not_tls}};
  return {errc::no_connection, "expected a TLS 1.3 handshake to succeed"};
}

} // namespace iris::client
