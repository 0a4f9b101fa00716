#pragma once

#include "base/result.hpp"
#include "config/settings.hpp"
#include "security/tokens.hpp"

#include <string>

namespace iris::cli {

/// A node's right to sign tokens, used where its files are.
struct local_key {
  config::settings settings;
  security::token_issuer issuer;
};

/// Reads a node's configuration and the key that it names. Blocks. Fails with
/// config_invalid, or with what security::load_signing_key fails with.
result<local_key> load_local_key(const std::string& config_file);

/// Where a client on the node's own machine reaches it.
struct local_address {
  std::string server; ///< as --server
  std::string ca;     ///< as --ca; empty for the system's authorities
};

/// The first of a node's listeners, those without TLS first. Fails with usage
/// if its configuration doesn't say: none, or a port that the system chooses.
result<local_address> local_address_of(const config::settings& x);

/// What to do when a key could not be loaded; empty for what is done about any
/// such error.
std::string key_remedy(const error& why);

} // namespace iris::cli
