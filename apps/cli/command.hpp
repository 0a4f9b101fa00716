#pragma once

#include "apps/cli/admin_options.hpp"
#include "apps/cli/console.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

/// The commands of `iris`. Each `add_…` declares one with its options; the one
/// that the command line names says what to do, and it is done after parsing,
/// outside of CLI11 and its exceptions.
namespace iris::cli {

/// What the command line asks for.
using action = std::function<exit_code(const console&)>;

/// What a command is called, and the line about it in the help.
struct heading {
  std::string name;
  std::string about;
};

/// Declares a command below `parent`: when it is named, `run(options, console)`
/// is what is to be done. `declare(command, options)` adds its options.
template <class Options, class Declare, class Run>
void add_command(CLI::App& parent, action& chosen, heading of, Declare declare,
                 Run run) {
  auto options = std::make_shared<Options>();
  auto command = parent.add_subcommand(std::move(of.name), std::move(of.about));
  declare(*command, *options);
  command->callback([options, run, &chosen] {
    chosen = [options, run](const console& io) { return run(*options, io); };
  });
}

/// `iris verify --cluster`.
exit_code verify_cluster(const admin_options& options, const console& io);

/// Accepts a whole number from `least` to `most`.
CLI::Validator whole(std::uint64_t least, std::uint64_t most);

/// Accepts any number from `least` to `most`.
CLI::Validator between(double least, double most);

/// Accepts these words.
CLI::Validator one_of(std::vector<std::string> words);

void add_token(CLI::App& app, action& chosen);
void add_cert(CLI::App& app, action& chosen);
void add_config(CLI::App& app, action& chosen);
void add_tree(CLI::App& app, action& chosen);
void add_status(CLI::App& app, action& chosen);
void add_node(CLI::App& app, action& chosen);
void add_shard(CLI::App& app, action& chosen);
void add_verify(CLI::App& app, action& chosen);
void add_repair(CLI::App& app, action& chosen);
void add_chat(CLI::App& app, action& chosen);
void add_send(CLI::App& app, action& chosen);
void add_group(CLI::App& app, action& chosen);
void add_device(CLI::App& app, action& chosen);
void add_tail(CLI::App& app, action& chosen);
void add_bench(CLI::App& app, action& chosen);
void add_completion(CLI::App& app, action& chosen);

} // namespace iris::cli
