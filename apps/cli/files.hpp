#pragma once

#include "base/result.hpp"

#include <string>

namespace iris::cli {

/// A whole file. Blocks. Fails with not_found, or with io_failed if it can't
/// be read or has more than `bytes_max` bytes.
result<std::string> read_file(const std::string& path, std::size_t bytes_max);

/// The token in a file that was named on the command line, without the white
/// space around it. Blocks. Fails with usage if the file can't be read or holds
/// none.
result<std::string> read_token(const std::string& path);

} // namespace iris::cli
