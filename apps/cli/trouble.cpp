#include "apps/cli/trouble.hpp"

#include "apps/cli/json.hpp"

#include <algorithm>
#include <ostream>

namespace iris::cli {

namespace {

std::string usual_remedy(exit_code code) {
  switch (code) {
  case exit_code::usage:
    return "correct it and run the command again; --help shows what is "
           "accepted";
  case exit_code::no_connection:
    return "check the address, and that the node is running";
  case exit_code::refused:
    return "get a new token with: iris token issue --user NAME --config FILE";
  case exit_code::timed_out:
    return "look at the node's load with: iris status";
  default:
    return "look at the node's log";
  }
}

/// Where a code says more than how the command ends; else empty.
std::string remedy_for(errc code) {
  switch (code) {
  case errc::replaced:
    return "another program is this device now: give each its own --device";
  case errc::device_removed:
    return "name another --device";
  case errc::too_many_devices:
    return "remove one that is not used any more: iris device remove NAME; or "
           "come in as one of them: --device NAME";
  case errc::too_many_connections:
  case errc::overloaded:
  case errc::rate_limited:
    return "try again in a while";
  case errc::storage_full:
    return "make room on the node's disk, of which it keeps storage.reserve "
           "free, and try again";
  case errc::draining:
    return "name another node with --server: this one lets its clients go";
  case errc::unavailable:
  case errc::not_leader:
    return "try again in a while; what the node waits for shows: iris status";
  default:
    return {};
  }
}

// Texts that came from elsewhere must not break the three lines.
std::string one_line(std::string text) {
  std::replace_if(
    text.begin(), text.end(),
    [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

} // namespace

exit_code exit_code_of(errc code) noexcept {
  switch (code) {
  case errc::timed_out:
  case errc::deadline_exceeded:
    return exit_code::timed_out;
  case errc::no_connection:
  case errc::draining:
    return exit_code::no_connection;
  case errc::config_invalid:
  case errc::usage:
    return exit_code::usage;
  default:
    return static_cast<unsigned>(code) / 100 == 2 ? exit_code::refused
                                                  : exit_code::failed;
  }
}

trouble because(std::string what, const error& reason, std::string remedy) {
  auto code = exit_code_of(reason.code);
  if (remedy.empty())
    remedy = remedy_for(reason.code);
  if (remedy.empty())
    remedy = usual_remedy(code);
  // Who typed something wrong needs no number for it.
  auto why = reason.code == errc::usage ? reason.context : to_string(reason);
  return {code, std::move(what), std::move(why), std::move(remedy)};
}

trouble unusable(const std::string& what,
                 const std::vector<config::problem>& problems, bool listed) {
  auto n = problems.size();
  auto count = std::to_string(n) + (n == 1 ? " problem" : " problems");
  const auto& first = problems.front();
  // Nothing could be read: no option is to blame.
  auto whole =
    first.name.empty() && first.where.line == 0 && !first.where.variable;
  return {exit_code::usage, what + " can't be used",
          listed   ? count + ", listed above"
          : n == 1 ? to_string(first)
                   : count + ", the first is " + to_string(first),
          whole ? "check the path; without a file every option has its default"
                : "correct it; docs/configuration.md has every option"};
}

void print(std::ostream& to, const trouble& x, bool json,
           std::string_view program) {
  if (json) {
    ordered_json out{{"exit", static_cast<int>(x.code)},
                     {"what", x.what},
                     {"why", x.why},
                     {"remedy", x.remedy}};
    to << to_line({{"error", out}}) << std::endl;
    return;
  }
  to << program << ": " << one_line(x.what) << "\nwhy: " << one_line(x.why)
     << "\ntry: " << one_line(x.remedy) << std::endl;
}

} // namespace iris::cli
