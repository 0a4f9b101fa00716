#pragma once

#include "base/result.hpp"

#include <memory>
#include <openssl/ssl.h>
#include <string>

namespace iris::client {

/// What TLS needs to know, shared by all connections of a program: TLS 1.3,
/// whom to trust. Any thread.
class tls_context {
public:
  /// Trusts the certificates of a PEM file or, without one, those of the
  /// system. Fails with config_invalid.
  static result<std::shared_ptr<tls_context>>
  create(const std::string& ca_file = {});

  SSL_CTX* get() const noexcept { return context_.get(); }

  /// Makes a handshake fail unless the peer's certificate is for this host:
  /// a name or an address.
  static void expect_host(SSL* connection, const std::string& host);
  /// Why a handshake failed; `reason` is OpenSSL's, or 0.
  static error failure(const SSL* connection, int reason);

private:
  struct deleter {
    void operator()(SSL_CTX* x) const noexcept { SSL_CTX_free(x); }
  };

  std::unique_ptr<SSL_CTX, deleter> context_;
};

} // namespace iris::client
