#pragma once

#include "config/load.hpp"

#include <span>
#include <string_view>

namespace iris::test {

/// A configuration that is refused, and what is said about it.
struct bad_config {
  std::string_view name;
  std::string_view toml;
  /// Every problem, a line each, as people see it; the file is "f".
  std::string_view problems;
  config::environment variables = {};
};

std::span<const bad_config> bad_configs();

} // namespace iris::test
