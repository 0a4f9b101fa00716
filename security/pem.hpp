#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "security/openssl.hpp"

#include <filesystem>
#include <string>

#include <openssl/x509.h>

namespace iris::security {

using x509_ptr = openssl_ptr<X509, X509_free>;

/// As PEM; "" if there is no memory.
std::string to_pem(X509* certificate);
/// Not encrypted: whoever takes it wipes it after use.
std::string to_pem(EVP_PKEY* key);

/// The first certificate in a file, whatever else it holds. Blocks.
/// Fails with not_found or config_invalid, naming the file.
result<x509_ptr> read_certificate(const std::filesystem::path& file);

/// The certificate in a file that signed another one, whatever else it holds.
/// Blocks. Fails with not_found or config_invalid, naming the file.
result<x509_ptr> read_issuer(const std::filesystem::path& file, X509* of);

/// When a certificate ends.
timestamp last_moment(const X509* certificate);

/// The private key in a file, whatever else it holds: nobody but its owner may
/// read that, and it has no passphrase. Blocks.
/// Fails as read_secret does, or with config_invalid, naming the file.
result<pkey_ptr> read_private_key(const std::filesystem::path& file);

} // namespace iris::security
