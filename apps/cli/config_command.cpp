#include "apps/cli/command.hpp"
#include "apps/cli/config_files.hpp"
#include "apps/cli/files.hpp"
#include "apps/cli/json.hpp"
#include "apps/cli/table.hpp"
#include "config/load.hpp"
#include "config/options.hpp"
#include "config/render.hpp"

#include <map>

namespace iris::cli {

namespace {

struct config_options {
  std::string file;
};

ordered_json json_of(const config::problem& x) {
  return {{"source", x.where.source}, {"line", x.where.line},
          {"column", x.where.column}, {"name", x.name},
          {"found", x.found},         {"expected", x.expected},
          {"nearest", x.nearest}};
}

/// Where each option was said.
using origins = std::map<std::string, config::origin, std::less<>>;

origins origins_in(const std::string& file,
                   const config::environment& variables) {
  origins out;
  // The file was read and is good; should it be gone by now, none is from it.
  if (auto text = read_file(file, std::size_t{1} << 20)) {
    auto content = config::read_toml(*text, config::is_section);
    if (auto all = std::get_if<std::vector<config::entry>>(&content))
      for (const auto& x : *all)
        out[x.name] = {file, x.value.where.line, x.value.where.column, false};
  }
  for (const auto& x : config::options())
    if (auto name = config::variable_name(x.name()); variables.contains(name))
      out[std::string{x.name()}] = {name, 0, 0, true};
  return out;
}

std::vector<config::problem> problems_of(const std::string& file) {
  auto variables = config::process_environment();
  auto loaded = config::load(file, variables);
  if (!loaded)
    return loaded.problems();
  auto from = origins_in(file, variables);
  return wrong_files(*loaded, [&](std::string_view option) {
    auto i = from.find(option);
    return i == from.end() ? config::origin{file} : i->second;
  });
}

exit_code check(const config_options& options, const console& io) {
  auto problems = problems_of(options.file);
  auto good = problems.empty();
  if (io.json) {
    auto all = ordered_json::array();
    for (const auto& x : problems)
      all.push_back(json_of(x));
    io.out << to_line({{"ok", good}, {"problems", all}}) << '\n';
  } else {
    io.out << (good ? options.file + ": ok\n" : to_string(problems));
  }
  io.out.flush();
  return good ? exit_code::ok : io.fail(unusable(options.file, problems, true));
}

exit_code show_settings(const config_options& options, const console& io) {
  auto variables = config::process_environment();
  auto loaded = options.file.empty() ? config::parse({}, {}, variables)
                                     : config::load(options.file, variables);
  if (!loaded)
    return io.fail(
      unusable(options.file.empty() ? "the environment" : options.file,
               loaded.problems(), false));
  auto from = origins_in(options.file, variables);
  table rows{{"OPTION", "VALUE", "FROM"}};
  auto list = ordered_json::array();
  for (const auto& x : config::options()) {
    auto value = config::print(x.type, x.in.get(*loaded));
    auto i = from.find(x.name());
    auto source = i == from.end() ? "default" : i->second.str();
    rows.add({std::string{x.name()}, value, source});
    list.push_back({{"name", x.name()}, {"value", value}, {"from", source}});
  }
  if (io.json)
    io.out << to_line({{"options", list}}) << '\n';
  else
    rows.print(io.out);
  io.out.flush();
  return exit_code::ok;
}

exit_code docs(const config_options&, const console& io) {
  io.out << config::render_markdown() << std::flush;
  return exit_code::ok;
}

} // namespace

void add_config(CLI::App& app, action& chosen) {
  auto config = app.add_subcommand("config", "The configuration of a node");
  config->require_subcommand(1);
  add_command<config_options>(
    *config, chosen, {"check", "Explain everything that is wrong with a file"},
    [](CLI::App& command, config_options& x) {
      command.add_option("FILE", x.file, "The configuration")->required();
    },
    check);
  add_command<config_options>(
    *config, chosen, {"show", "Effective values, and where each comes from"},
    [](CLI::App& command, config_options& x) {
      command.add_option("FILE", x.file,
                         "The configuration; defaults and environment alone "
                         "if not given");
    },
    show_settings);
  add_command<config_options>(
    *config, chosen, {"docs", "Every option, as Markdown"},
    [](CLI::App&, config_options&) {}, docs);
}

} // namespace iris::cli
