#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace iris::cli {

/// Members stay in the order they were written in.
using ordered_json = nlohmann::ordered_json;

/// One line. What is not UTF-8 in a string is replaced, not thrown.
inline std::string to_line(const ordered_json& x) {
  return x.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

/// As a person reads it in a cell of a table: a string without its quotes,
/// nothing for null, a list's elements with commas between.
std::string cell_text(const ordered_json& x);

} // namespace iris::cli
