#pragma once

#include <memory>
#include <string>

#include <openssl/bio.h>
#include <openssl/evp.h>

namespace iris::security {

template <auto Free>
struct openssl_free {
  template <class T>
  void operator()(T* owned) const noexcept {
    Free(owned);
  }
};

/// Owns an object of OpenSSL, e.g. openssl_ptr<BIO, BIO_free_all>.
template <class T, auto Free>
using openssl_ptr = std::unique_ptr<T, openssl_free<Free>>;

using bio_ptr = openssl_ptr<BIO, BIO_free_all>;
using pkey_ptr = openssl_ptr<EVP_PKEY, EVP_PKEY_free>;

/// Empties this thread's error queue and puts it into words, oldest first. Call
/// it after each failure: what stays in the queue is taken for the outcome of
/// the next TLS read or write of any connection on this thread.
std::string take_openssl_errors();

} // namespace iris::security
