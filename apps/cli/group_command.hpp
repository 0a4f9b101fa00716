#pragma once

#include "apps/cli/console.hpp"
#include "apps/cli/login.hpp"
#include "base/ids.hpp"

#include <string>
#include <vector>

namespace iris::cli {

/// What `iris group …` is told; each command takes a part of it.
struct group_options {
  login_options login;
  std::string title;
  std::string group;
  std::vector<std::string> users;
};

/// Who is in a group, as what, and since which sequence.
exit_code show_roster(const group_options& options, const console& io);

/// The groups that the user is in.
exit_code list_groups(const group_options& options, const console& io);

} // namespace iris::cli
