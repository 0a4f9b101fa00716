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

/// Calls with the token of the file, if there is one. Fails as `call`,
/// `read_token`, or with what the node said when its status is none of `fine`.
result<http_answer> call(const admin_options& with, http_request what,
                         std::initializer_list<unsigned> fine = {200});

} // namespace iris::cli
