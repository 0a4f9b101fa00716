#pragma once

#include "tests/apps/guide.hpp"

#include <doctest/doctest.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

/// The commands that docs/operating shows, for the nodes of a test.
namespace iris::process {

using numbers = std::map<std::string, std::string>;

/// With other numbers where they stand alone, and without the node that is
/// asked, and the token, that nobody has.
inline std::string with(const numbers& others, const std::string& command) {
  std::string out;
  std::istringstream words{command};
  for (std::string word; words >> word;)
    if (word == "--token-file" || word == "--admin") {
      words >> word;
    } else {
      auto other = others.find(word);
      out += (out.empty() ? "" : " ")
             + (other == others.end() ? word : other->second);
    }
  return out;
}

/// Those of a section: "node drain 3 --wait".
inline std::vector<std::string> guide(const std::string& page,
                                      const std::string& section) {
  auto out = test::commands_of(page, section);
  REQUIRE_FALSE(out.empty());
  for (auto& x : out)
    x = with({}, x);
  return out;
}

} // namespace iris::process
