#pragma once

#include <string>
#include <vector>

namespace iris::sim {

/// Of a trace, what is about the messages and conversations that a problem
/// names, and what went wrong meanwhile; the end of it if there is too much.
std::vector<std::string> about(const std::string& problem,
                               const std::vector<std::string>& trace);

} // namespace iris::sim
