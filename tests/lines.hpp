#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace doctest {

// So that a failed check says what was found.
template <>
struct StringMaker<std::vector<std::string>> {
  static String convert(const std::vector<std::string>& x) {
    std::string out;
    for (const auto& line : x)
      out += "\n    " + line;
    return out.c_str();
  }
};

} // namespace doctest
