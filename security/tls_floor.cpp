#include "security/tls_floor.hpp"

#include "security/openssl.hpp"

#include <mutex>

#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace iris::security {

namespace {

using conf_ptr = openssl_ptr<CONF, NCONF_free>;
using context_ptr = openssl_ptr<SSL_CTX, SSL_CTX_free>;

// The form of openssl.cnf (config(5)). The security level is Debian's.
constexpr std::string_view settings = "openssl_conf = iris\n"
                                      "[iris]\n"
                                      "ssl_conf = tls\n"
                                      "[tls]\n"
                                      "system_default = floor\n"
                                      "[floor]\n"
                                      "MinProtocol = TLSv1.3\n"
                                      "CipherString = DEFAULT:@SECLEVEL=2\n";

bool load() {
  // What the system says comes first, so that this comes last.
  OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, nullptr);
  conf_ptr conf{NCONF_new(nullptr)};
  bio_ptr text{
    BIO_new_mem_buf(settings.data(), static_cast<int>(settings.size()))};
  return conf && text && NCONF_load_bio(conf.get(), text.get(), nullptr) == 1
         && CONF_modules_load(conf.get(), nullptr, 0) == 1;
}

bool obeyed() {
  context_ptr made{SSL_CTX_new(TLS_method())};
  return made && SSL_CTX_get_min_proto_version(made.get()) == TLS1_3_VERSION;
}

} // namespace

result<void> require_tls13() {
  static std::once_flag once;
  std::call_once(once, [] { load(); });
  auto good = obeyed();
  auto errors = take_openssl_errors();
  if (good)
    return {};
  return error{errc::internal, "can't rule out TLS before 1.3 (" + errors
                                 + "): expected an OpenSSL that takes a "
                                   "configuration"};
}

} // namespace iris::security
