#pragma once

#include "base/ids.hpp"

#include <CLI/CLI.hpp>

#include <optional>

namespace iris::cli {

/// --to and --group, as they were typed.
struct target_options {
  std::string to;
  std::string group;
};

/// Declares both, of which one has to be given.
void declare(CLI::App& command, target_options& x);

/// Whom a command writes to: a user, or a group.
struct target {
  std::optional<user_id> user;
  conversation_id group;

  /// The conversation, seen from `me`.
  conversation_id conversation(const user_id& me) const;
  std::string str() const;
};

/// Fails with usage.
result<target> read(const target_options& from);

} // namespace iris::cli
