#pragma once

#include "apps/cli/http.hpp"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>

namespace iris::cli {

/// How a command reaches a node's administration interface.
struct admin_options {
  std::string url = "http://127.0.0.1:7380";
  std::string token_file;
  double timeout_s = 10;
};

/// --admin, --token-file, --timeout.
void declare(CLI::App& command, admin_options& x);

/// A node's administration interface, and a token if one was named.
struct admin_node {
  config::endpoint where;
  std::string token;
  std::chrono::milliseconds at_most;
};

/// Reads the token, once: it may come from a pipe. Fails with usage.
result<admin_node> prepare(const admin_options& from);

/// Calls with the token. Fails as `call`, or with what the node said when its
/// status is none of `fine`.
result<http_answer> call(const admin_node& node, http_request what,
                         std::initializer_list<unsigned> fine = {200});

/// Both, for a single call.
result<http_answer> call(const admin_options& with, http_request what);

} // namespace iris::cli
