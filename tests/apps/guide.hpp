#pragma once

#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace iris::test {

/// The commands that a page of docs/operating shows, in order, without "iris ":
/// of the section with this heading, before the first one if that is empty; or
/// all of them.
inline std::vector<std::string>
commands_of(const std::string& page,
            const std::optional<std::string>& section = {}) {
  std::ifstream in{IRIS_SOURCE_DIR "/docs/operating/" + page};
  std::vector<std::string> out;
  std::string title;
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("## "))
      title = line.substr(3);
    else if (title == section.value_or(title) && line.starts_with("    iris "))
      out.push_back(line.substr(9));
  return out;
}

} // namespace iris::test
