#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace iris::config {

/// Where something was said: in a file, or in an environment variable.
struct origin {
  /// The file's or the variable's name.
  std::string source;
  /// From 1. 0 where there are no lines: a variable, a file as a whole.
  std::uint32_t line = 0;
  /// In code points, from 1; 0 with line 0.
  std::uint32_t column = 0;
  bool variable = false;

  /// "iris.toml:3:8", "iris.toml" or "IRIS_NODE_ID".
  std::string str() const;
};

/// One thing that is wrong with a configuration, and the way out.
struct problem {
  origin where;
  /// The dotted name; empty if it is about the file as a whole.
  std::string name;
  std::string found;
  /// What is accepted instead.
  std::string expected;
  /// The known name or variable that was most likely meant, or empty.
  std::string nearest;
};

/// One line: "iris.toml:3:8: node.id: found 0, expected a whole number from 1
/// to 4294967295".
std::string to_string(const problem& x);

/// One problem a line.
std::string to_string(const std::vector<problem>& all);

/// What the variables of Iris begin with.
inline constexpr std::string_view variable_prefix = "IRIS_";

/// The variable that overrides an option: IRIS_LISTEN_TCP_ADDRESS.
std::string variable_name(std::string_view option);

/// `text` as a basic string of TOML.
std::string toml_string(std::string_view text);

/// `text` in double quotes, control characters escaped as in TOML, cut after
/// 60 bytes: fit for one line whatever it holds.
std::string excerpt(std::string_view text);

} // namespace iris::config
