#include "apps/cli/run.hpp"

#include "apps/cli/command.hpp"
#include "apps/cli/misunderstood.hpp"

#include <algorithm>

namespace iris::cli {

namespace {

void declare_all(CLI::App& app, action& chosen, bool& json) {
  app.name("iris");
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", "iris " IRIS_VERSION);
  app.add_flag("--json", json, "Results and errors as JSON, for programs");
  for (auto add : {add_chat, add_send, add_tail, add_group, add_device,
                   add_token, add_cert, add_config, add_tree, add_status,
                   add_node, add_shard, add_verify, add_repair, add_bench})
    add(app, chosen);
  add_completion(app, chosen);
  refuse_empty_values(app);
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
                    why_misunderstood(app, x), path_of(app) + " --help"});
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
