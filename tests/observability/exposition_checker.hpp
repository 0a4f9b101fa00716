#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace iris::observability {

/// Judges an exposition by the rules of Prometheus' text format 0.0.4 and of
/// `promtool check metrics`, sharing no code with what writes it. Gives what
/// is wrong, a sentence each.
std::vector<std::string> faults_of(std::string_view exposition);

} // namespace iris::observability
