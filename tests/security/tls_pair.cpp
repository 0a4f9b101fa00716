#include "tests/security/tls_pair.hpp"

#include <doctest/doctest.h>

#include <openssl/err.h>

namespace iris::security::test {

tls_pair::tls_pair(SSL_CTX* client, SSL_CTX* server)
  : client_(SSL_new(client)), server_(SSL_new(server)) {
  BIO* near = nullptr;
  BIO* far = nullptr;
  REQUIRE(BIO_new_bio_pair(&near, 0, &far, 0) == 1);
  SSL_set_bio(client_.get(), near, near);
  SSL_set_bio(server_.get(), far, far);
  SSL_set_connect_state(client_.get());
  SSL_set_accept_state(server_.get());
}

std::string tls_pair::shake_hands() {
  // Each round moves at least one flight; a handshake has three.
  for (int round = 0; round < 10; ++round) {
    int done = 0;
    for (SSL* side : {client(), server()}) {
      ERR_clear_error();
      int outcome = SSL_do_handshake(side);
      int why = SSL_get_error(side, outcome);
      if (outcome != 1 && why != SSL_ERROR_WANT_READ
          && why != SSL_ERROR_WANT_WRITE)
        return take_openssl_errors();
      done += outcome == 1;
    }
    if (done == 2)
      return "";
  }
  return "no end of the handshake";
}

std::string tls_pair::send(const std::string& text) {
  if (SSL_write(client(), text.data(), static_cast<int>(text.size())) <= 0)
    return take_openssl_errors();
  std::string read(text.size() + 1, '\0');
  int size = SSL_read(server(), read.data(), static_cast<int>(read.size()));
  read.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return read;
}

} // namespace iris::security::test
