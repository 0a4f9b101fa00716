#pragma once

#include "base/clock.hpp"
#include "security/pem.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace iris::security {

/// As in OpenSSL's x509v3_config(5): {NID_key_usage, "critical,keyCertSign"}.
/// The value is a text in a language of its own, in which a comma starts the
/// next part: check what comes from outside.
struct x509_extension {
  int id;
  std::string value;
};

/// What a certificate says.
struct x509_content {
  std::string name; ///< at most 64 bytes
  timestamp now;
  /// From five minutes before `now`, because clocks differ; but no longer than
  /// the issuer's.
  std::chrono::hours lifetime;
  std::vector<x509_extension> extensions;
};

/// Who signs. Without a certificate, what is signed is its own issuer.
struct x509_issuer {
  X509* certificate = nullptr;
  EVP_PKEY* key = nullptr;
};

/// A new P-256 key; null without memory or entropy.
pkey_ptr make_key();

/// Signs a certificate for `key`, with a serial number that nobody can guess.
/// Null on failure: take_openssl_errors() says why.
x509_ptr sign(const x509_issuer& by, EVP_PKEY* key, const x509_content& what);

/// What a CA's certificate has that signs no other CA.
std::vector<x509_extension> ca_extensions();
/// What every other one has; `use` is e.g. "serverAuth,clientAuth" and `names`
/// is e.g. "DNS:localhost,IP:::1".
std::vector<x509_extension> leaf_extensions(const std::string& use,
                                            const std::string& names);

} // namespace iris::security
