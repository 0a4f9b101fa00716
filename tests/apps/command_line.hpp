#pragma once

#include "apps/cli/run.hpp"

#include <sstream>
#include <string>
#include <vector>

namespace iris::test {

/// What a run of `iris` gave.
struct run_outcome {
  int code = -1;
  std::string out;
  std::string err;
};

inline run_outcome run_iris(const std::vector<std::string>& arguments,
                            const std::string& input = {}) {
  std::istringstream in{input};
  std::ostringstream out, err;
  auto code = cli::run(arguments, in, out, err);
  return {code, out.str(), err.str()};
}

/// As a shell would split it: at spaces, "" being an empty argument.
inline run_outcome run_line(const std::string& line) {
  std::istringstream words{line};
  std::vector<std::string> arguments;
  for (std::string word; words >> word;)
    arguments.push_back(word == "\"\"" ? "" : word);
  return run_iris(arguments);
}

} // namespace iris::test
