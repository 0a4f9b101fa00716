#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace iris::cli {

/// An empty value is most often a variable of a script that isn't set: to go
/// on as if the option weren't there could mean another file, or whoever the
/// system trusts. Of all options that are declared by now.
void refuse_empty_values(CLI::App& app);

/// Why a command line can't be understood: what CLI11 found, in the words of
/// iris, which say what was expected, what was found and what may have been
/// meant.
std::string why_misunderstood(const CLI::App& app, const CLI::Error& x);

/// The commands that were named, as far as they were understood.
std::string path_of(const CLI::App& app);

} // namespace iris::cli
