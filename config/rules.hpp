#pragma once

#include "config/settings.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace iris::config {

/// Two options that don't go together.
struct violation {
  /// The option to change.
  std::string_view option;
  /// The one it disagrees with: blamed if `option` was not said anywhere.
  std::string_view other;
  std::string found;
  std::string expected;
};

/// What must hold between options, each of which is in its own range.
struct rule {
  /// A sentence for the documentation, in Markdown.
  std::string_view meaning;
  /// The options that `check` reads. What it finds about one of them that is
  /// wrong by itself, or blames on such a one, isn't told.
  std::vector<std::string_view> options;
  std::vector<violation> (*check)(const settings&);
  /// Of the options, those that each of its answers rests on: with one of them
  /// wrong by itself, the rule isn't asked.
  std::vector<std::string_view> needs = {};
};

/// All rules, in the order of the documentation.
std::span<const rule> rules();

} // namespace iris::config
