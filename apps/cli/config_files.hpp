#pragma once

#include "config/problem.hpp"
#include "config/settings.hpp"

#include <functional>
#include <string_view>
#include <vector>

namespace iris::cli {

/// What a good configuration names on this machine and a node could not start
/// with, told at where(option). What we may not look at is left out: it may be
/// for the node's user alone. Blocks.
std::vector<config::problem>
wrong_files(const config::settings& x,
            const std::function<config::origin(std::string_view)>& where);

} // namespace iris::cli
