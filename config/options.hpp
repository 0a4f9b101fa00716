#pragma once

#include "config/option.hpp"

#include <span>

namespace iris::config {

/// A table of the configuration file.
struct section {
  std::string_view name;
  /// A sentence on what its options are about.
  std::string_view meaning;
};

/// The sections in the order of the documentation.
std::span<const section> sections();

/// Every option of Iris, section by section: the one place that says what they
/// are called, what they mean and what they accept.
std::span<const option> options();

/// The option of that name, or null.
const option* find_option(std::string_view name);

/// Whether options lie below this dotted name: "listen" and "listen.tcp".
bool is_section(std::string_view name);

/// The keys one level below `section`, or at the top for "", in order.
std::vector<std::string_view> keys_in(std::string_view section);

} // namespace iris::config
