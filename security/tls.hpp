#pragma once

#include "base/result.hpp"
#include "security/openssl.hpp"

#include <filesystem>
#include <string>

#include <openssl/ssl.h>

namespace iris::security {

/// Shared by all connections of a listener. SSL_new keeps it alive by itself.
/// Any thread, once it is made.
using ssl_context_ptr = openssl_ptr<SSL_CTX, SSL_CTX_free>;
/// One connection. One thread at a time.
using ssl_ptr = openssl_ptr<SSL, SSL_free>;

/// For a listener. Invariants, of both kinds of context:
/// 1. TLS 1.3 and no other version.
/// 2. An idle connection holds no read or write buffers.
/// 3. A write may be partial, and may be repeated from another address.
/// 4. A server keeps no sessions and issues no tickets; nothing is resumed.
/// The files are PEM: the chain from the leaf up, and the leaf's key, which
/// nobody but its owner may read and which has no passphrase. Blocks.
/// Fails with: not_found, io_failed, or config_invalid, naming the file.
result<ssl_context_ptr> server_context(const std::filesystem::path& cert_file,
                                       const std::filesystem::path& key_file);

/// For connecting to a server whose chain ends in one of `ca_file`'s
/// certificates. A connection on which set_peer_name was not called trusts
/// nobody. Blocks. Fails with config_invalid, naming the file.
result<ssl_context_ptr> client_context(const std::filesystem::path& ca_file);

/// Whom the client expects: a DNS name, or an IP address as text. To be called
/// once, before the handshake. Fails with bad_field.
result<void> set_peer_name(SSL* connection, const std::string& host);

} // namespace iris::security
