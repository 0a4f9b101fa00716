#pragma once

#include "base/error.hpp"
#include "config/problem.hpp"

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace iris::cli {

/// How `iris` and `irisd` end: docs/cli.md promises these numbers to scripts.
enum class exit_code : int {
  ok = 0,
  failed = 1,        ///< it was tried and went wrong, or a check found faults
  usage = 2,         ///< the command line or a configuration is wrong
  no_connection = 3, ///< nobody answers there
  refused = 4,       ///< the node knows us too little, or too well
  timed_out = 5,
};

/// The exit code that an error of the product ends a command with.
exit_code exit_code_of(errc code) noexcept;

/// Why a command didn't do what it was asked, for the person who asked: one
/// sentence each, without a full stop and without a line break.
struct trouble {
  exit_code code = exit_code::failed;
  std::string what;
  std::string why;
  std::string remedy;

  bool operator==(const trouble&) const = default;
};

/// `what` failed with `reason`. The remedy is the usual one for that code
/// unless there is a better one.
trouble because(std::string what, const error& reason, std::string remedy = {});

/// `what` can't be used, because of what is wrong with it; `listed`: all of it
/// has been said before. Precondition: there is a problem.
trouble unusable(const std::string& what,
                 const std::vector<config::problem>& problems, bool listed);

/// Three lines, "iris: …", "why: …" and "try: …"; or one line of JSON,
/// {"error":{"exit":…,"what":…,"why":…,"remedy":…}}.
void print(std::ostream& to, const trouble& x, bool json,
           std::string_view program = "iris");

} // namespace iris::cli
