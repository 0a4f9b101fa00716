#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

namespace iris::process {

inline std::uint64_t number_from(const char* variable,
                                 std::uint64_t otherwise) {
  const auto* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::stoull(text);
}

} // namespace iris::process
