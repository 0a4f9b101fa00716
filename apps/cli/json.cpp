#include "apps/cli/json.hpp"

namespace iris::cli {

std::string cell_text(const ordered_json& x) {
  if (x.is_string())
    return x.get<std::string>();
  if (!x.is_array())
    return x.is_null() ? "" : to_line(x);
  std::string out;
  for (const auto& one : x)
    out += (out.empty() ? "" : ", ") + cell_text(one);
  return out;
}

} // namespace iris::cli
