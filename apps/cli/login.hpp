#pragma once

#include "clients/cpp/options.hpp"
#include "clients/cpp/tls.hpp"

#include <CLI/CLI.hpp>

#include <string>

namespace iris::cli {

/// How a command that chats finds its node and says who it is.
struct login_options {
  /// Empty: where the node of `config` listens, else where one does by default.
  std::string server;
  std::string ca;
  std::string token_file;
  /// Instead of a token: one is signed here, for `as`, with the key of a
  /// node's configuration.
  std::string config;
  std::string as;
  std::string device;
  /// What `device` is unless somebody named one.
  std::string usual_device;
  /// For what is waited for; each command says what that is. 0: for ever.
  double timeout_s = 30;

  bool made_up_device() const { return device == usual_device; }
};

/// --server, --ca, --token-file, --config, --as, --device, --timeout. Two
/// programs of one user need two devices: the newer cuts off the older.
void declare(CLI::App& command, login_options& x, std::string device);

/// What a client needs.
struct login {
  client::options options;
  std::shared_ptr<client::tls_context> tls;
  /// Whom to trust was said, with --ca.
  bool names_authority = false;
};

/// Fails with usage, config_invalid, or what reading the token fails with.
result<login> prepare(const login_options& from);

} // namespace iris::cli
