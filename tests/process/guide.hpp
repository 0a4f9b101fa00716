#pragma once

#include <doctest/doctest.h>

#include <fstream>
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

/// Those of a page under a heading, in order: "node drain 3 --wait". Before the
/// first one if it is empty.
inline std::vector<std::string> guide(const std::string& page,
                                      const std::string& section) {
  std::ifstream in{IRIS_SOURCE_DIR "/docs/operating/" + page};
  std::vector<std::string> out;
  std::string title;
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("## "))
      title = line.substr(3);
    else if (title == section && line.starts_with("    iris "))
      out.push_back(with({}, line.substr(9)));
  REQUIRE_FALSE(out.empty());
  return out;
}

} // namespace iris::process
