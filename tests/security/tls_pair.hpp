#pragma once

#include "security/tls.hpp"

#include <string>

namespace iris::security::test {

/// A client and a server connection with a pipe in memory between them.
class tls_pair {
public:
  tls_pair(SSL_CTX* client, SSL_CTX* server);

  SSL* client() { return client_.get(); }
  SSL* server() { return server_.get(); }

  /// Runs both sides until they are done, or one failed. Empty if both are
  /// done, else the reason.
  std::string shake_hands();

  /// What the server reads when the client writes `text`.
  std::string send(const std::string& text);

private:
  ssl_ptr client_;
  ssl_ptr server_;
};

} // namespace iris::security::test
