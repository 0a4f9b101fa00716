#pragma once

#include "config/options.hpp"

#include <string>
#include <vector>

namespace iris::config {

/// An option that two configurations differ in.
struct change {
  const option* what = nullptr;
  /// As TOML.
  std::string before;
  std::string after;
};

/// All differences, in the order of the options. Any thread.
std::vector<change> changes(const settings& before, const settings& after);

/// `running` with what takes effect at reload from `wanted`; the rest of
/// `changes(running, wanted)` waits for a restart, or can't be. If both are
/// valid, so is the result: no rule reads an option that is reloaded.
settings reloaded(const settings& running, const settings& wanted);

} // namespace iris::config
