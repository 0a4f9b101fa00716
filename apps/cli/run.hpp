#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace iris::cli {

/// The program `iris`: what it was told without its own name, and where it
/// reads and writes. Gives the exit status, see exit_code. Never throws.
int run(const std::vector<std::string>& arguments, std::istream& in,
        std::ostream& out, std::ostream& err);

} // namespace iris::cli
