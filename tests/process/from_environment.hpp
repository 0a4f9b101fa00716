#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

namespace iris::process {

inline std::uint64_t number_from(const char* variable,
                                 std::uint64_t otherwise) {
  const auto* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::stoull(text);
}

inline std::string text_from(const char* variable, std::string otherwise) {
  const auto* text = std::getenv(variable);
  return text == nullptr ? std::move(otherwise) : text;
}

} // namespace iris::process
