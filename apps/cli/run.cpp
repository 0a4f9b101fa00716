#include "apps/cli/run.hpp"

#include "apps/cli/command.hpp"
#include "config/nearest.hpp"

#include <algorithm>

namespace iris::cli {

namespace {

const CLI::App& deepest(const CLI::App& app) {
  const auto* x = &app;
  while (!x->get_subcommands().empty())
    x = x->get_subcommands().front();
  return *x;
}

/// CLI11 says that a command is missing, and neither which there are nor what
/// stands in its place.
std::string missing_command(const CLI::App& app) {
  std::string known;
  std::vector<std::string_view> names;
  for (const auto* x : deepest(app).get_subcommands({})) {
    known += (known.empty() ? "" : ", ") + x->get_name();
    names.push_back(x->get_name());
  }
  auto rest = app.remaining(true);
  auto found = rest.empty() ? "nothing" : "'" + rest.front() + "'";
  auto text = "expected one of " + known + ", found " + found;
  if (!rest.empty())
    if (auto meant = config::closest(rest.front(), names); !meant.empty())
      text += "; did you mean " + std::string{meant} + "?";
  return text;
}

/// The commands that were named, as far as they were understood.
std::string path_of(const CLI::App& app) {
  auto path = app.get_name();
  for (const auto* x = &app; !x->get_subcommands().empty();) {
    x = x->get_subcommands().front();
    path += " " + x->get_name();
  }
  return path;
}

std::string why(const CLI::App& app, const CLI::Error& x) {
  auto needs_command = deepest(app).get_require_subcommand_min() > 0;
  return needs_command && dynamic_cast<const CLI::RequiredError*>(&x)
           ? missing_command(app)
           : x.what();
}

void declare_all(CLI::App& app, action& chosen, bool& json) {
  app.name("iris");
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", "iris " IRIS_VERSION);
  app.add_flag("--json", json, "Results and errors as JSON, for programs");
  for (auto add : {add_chat, add_send, add_tail, add_token, add_config,
                   add_tree, add_status, add_verify, add_bench})
    add(app, chosen);
  add_completion(app, chosen);
}

/// Where CLI11's exceptions end.
exit_code parse_and_do(std::vector<std::string> arguments, console& io) {
  action chosen;
  CLI::App app{"Iris, the self-hosted messaging runtime: chat, administration "
               "and measurement"};
  declare_all(app, chosen, io.json);
  std::reverse(arguments.begin(), arguments.end()); // as CLI11 takes them
  try {
    app.parse(arguments);
  } catch (const CLI::Success& x) {
    app.exit(x, io.out, io.err);
    return exit_code::ok;
  } catch (const CLI::Error& x) {
    return io.fail({exit_code::usage, "can't understand the command line",
                    why(app, x), path_of(app) + " --help"});
  }
  return chosen(io);
}

} // namespace

int run(const std::vector<std::string>& arguments, std::istream& in,
        std::ostream& out, std::ostream& err) {
  // Also when the command line can't be parsed.
  auto json =
    std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
  console io{in, out, err, json};
  try {
    return static_cast<int>(parse_and_do(arguments, io));
  } catch (const std::exception& x) {
    return static_cast<int>(
      io.fail({exit_code::failed, "a fault in iris itself", x.what(),
               "report it, with the command line"}));
  }
}

} // namespace iris::cli
