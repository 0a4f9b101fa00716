#include "apps/cli/command.hpp"

#include <map>

namespace iris::cli {

namespace {

struct completion_options {
  std::string shell;
};

std::string words_of(const CLI::App& app) {
  std::string out;
  for (const auto* x : app.get_subcommands({}))
    out += x->get_name() + " ";
  for (const auto* x : app.get_options())
    for (const auto& name : x->get_lnames())
      out += "--" + name + " ";
  return out;
}

/// Each command's path, and what may follow it.
void collect(const CLI::App& app, const std::string& path,
             std::map<std::string, std::string>& out) {
  out[path] = words_of(app);
  for (const auto* x : app.get_subcommands({}))
    collect(*x, path + " " + x->get_name(), out);
}

/// The words so far that are commands make the path; the rest is looked up.
void print_bash(const CLI::App& app, std::ostream& to) {
  std::map<std::string, std::string> words;
  collect(app, app.get_name(), words);
  to << "# source <(iris completion bash)\n"
        "_iris() {\n"
        "  local path=iris word words\n"
        "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
        "    case \"$path $word\" in\n";
  for (const auto& [path, _] : words)
    if (path != app.get_name())
      to << "    \"" << path << "\") path=\"" << path << "\" ;;\n";
  to << "    esac\n"
        "  done\n"
        "  case \"$path\" in\n";
  for (const auto& [path, list] : words)
    to << "  \"" << path << "\") words=\"" << list << "--json\" ;;\n";
  to << "  esac\n"
        "  COMPREPLY=($(compgen -W \"$words\" -- "
        "\"${COMP_WORDS[COMP_CWORD]}\"))\n"
        "}\n"
        "complete -o default -F _iris iris\n"
     << std::flush;
}

} // namespace

void add_completion(CLI::App& app, action& chosen) {
  add_command<completion_options>(
    app, chosen, {"completion", "What makes a shell complete these commands"},
    [](CLI::App& command, completion_options& x) {
      command.add_option("SHELL", x.shell, "bash")
        ->required()
        ->check(one_of({"bash"}));
    },
    [&app](const completion_options&, const console& io) {
      print_bash(app, io.out);
      return exit_code::ok;
    });
}

} // namespace iris::cli
