#pragma once

#include "apps/cli/trouble.hpp"

#include <istream>
#include <ostream>

namespace iris::cli {

/// Where a command reads and writes, and in which form. One per run.
struct console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  /// For programs: results and errors as one line of JSON each.
  bool json = false;

  /// Says what went wrong and gives the code to end with.
  exit_code fail(const trouble& x) const {
    print(err, x, json);
    return x.code;
  }
};

} // namespace iris::cli
