#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace iris::cli {

/// Why a command line can't be understood: what CLI11 found, in the words of
/// iris, which say what was expected, what was found and what may have been
/// meant.
std::string why_misunderstood(const CLI::App& app, const CLI::Error& x);

/// The commands that were named, as far as they were understood.
std::string path_of(const CLI::App& app);

} // namespace iris::cli
