#include "apps/bench/scenarios.hpp"
#include "apps/cli/command.hpp"
#include "apps/cli/json.hpp"
#include "apps/cli/local_key.hpp"
#include "apps/cli/remedies.hpp"
#include "apps/cli/table.hpp"

#include <cmath>
#include <iomanip>
#include <sstream>

namespace iris::cli {

namespace {

using bench::rig;

/// A scenario's own options and those of the node.
template <class Options>
struct bench_options {
  bench::rig_options node;
  Options load;
};

// -- what came out ------------------------------------------------------------

ordered_json json_of(const bench::report& x) {
  ordered_json figures = ordered_json::object();
  for (const auto& f : x.figures)
    figures[f.unit.empty() ? f.name : f.name + "_" + f.unit] = f.value;
  const auto& n = x.found;
  return {
    {"bench", x.bench},
    {"ok", x.ok()},
    {"figures", figures},
    {"faults",
     {{"lost", n.lost},
      {"duplicated", n.duplicated},
      {"reordered", n.reordered},
      {"corrupt", n.corrupt},
      {"misplaced", n.misplaced}}},
    {"machine",
     {{"cores", x.on.cores}, {"load_1m", x.on.load_1m}, {"store", x.store}}}};
}

std::string figure_text(double x) {
  std::ostringstream out;
  auto whole = x == std::floor(x) || x >= 1000;
  out << std::fixed << std::setprecision(whole ? 0 : 3) << x;
  return out.str();
}

void print_text(const bench::report& x, std::ostream& to) {
  table rows{{"FIGURE", "VALUE", "UNIT"}};
  for (const auto& f : x.figures)
    rows.add({f.name, figure_text(f.value), f.unit});
  rows.print(to);
  const auto& n = x.found;
  to << "lost " << n.lost << ", duplicated " << n.duplicated << ", reordered "
     << n.reordered << ", corrupt " << n.corrupt << ", misplaced "
     << n.misplaced << '\n'
     << "machine: " << x.on.cores << " cores, load " << x.on.load_1m
     << " before, store on " << x.store << std::endl;
}

exit_code show(const bench::report& x, bool spawned, const console& io) {
  if (io.json)
    io.out << to_line(json_of(x)) << std::endl;
  else
    print_text(x, io.out);
  if (x.ok())
    return exit_code::ok;
  return io.fail({exit_code::failed, "the node broke a promise",
                  "messages were lost, duplicated, reordered or changed",
                  spawned ? "report it; to keep the store and the log, measure "
                            "a node that you start yourself, with --server"
                          : "keep the node's store and log, and report it"});
}

/// It takes seconds to minutes: whoever waits sees that it goes on.
void tell_progress(rig& on, const console& io) {
  auto tell = [&io](std::chrono::seconds since, const std::string& doing) {
    if (io.json)
      io.err << to_line(
        {{"progress", {{"seconds", since.count()}, {"doing", doing}}}})
             << std::endl;
    else
      io.err << since.count() << " s: " << doing << std::endl;
  };
  on.loop().tell_progress(tell, std::chrono::seconds{2});
}

// -- how it is asked for ------------------------------------------------------

std::filesystem::path own_folder() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
}

/// A node of its own, which is what is measured unless another is named.
void declare_own(CLI::App& command, bench::rig_options& x) {
  x.irisd = own_folder() / "irisd";
  x.directory = std::filesystem::temp_directory_path();
  command
    .add_option("--irisd", x.irisd,
                "The program of the node that is started for this, and ended")
    ->capture_default_str();
  command
    .add_option("--dir", x.directory,
                "Where its store is made: on the disk to be measured")
    ->check(CLI::ExistingDirectory)
    ->capture_default_str();
  command.add_flag("--tls", x.tls, "Connect to it with TLS");
  command.add_flag("--websocket", x.websocket,
                   "Connect to it with WebSocket, above TLS if both are given");
}

/// With three and more, a shard has three replicas.
void declare_nodes(CLI::App& command, bench::rig_options& x) {
  command
    .add_option("--nodes", x.nodes,
                "How many such nodes, as a cluster: connections go to all")
    ->check(whole(1, 9))
    ->excludes("--server")
    ->capture_default_str();
}

/// A node that runs already.
void declare_other(CLI::App& command, bench::rig_options& x) {
  auto server = command
                  .add_option("--server", x.server,
                              "Measure the node that runs there instead: "
                              "tcp://127.0.0.1:7300, tls://…, ws://… or "
                              "wss://…")
                  ->excludes("--irisd")
                  ->excludes("--dir")
                  ->excludes("--tls")
                  ->excludes("--websocket");
  command
    .add_option("-c,--config", x.config,
                "Its configuration, for its signing key")
    ->needs(server);
  command.add_option("--ca", x.ca, "Whom to trust, with tls:// or wss://")
    ->check(CLI::ExistingFile)
    ->needs(server);
  command.add_option("--pid", x.pid, "Its process, for its CPU and memory")
    ->check(whole(1, 4194304))
    ->needs(server);
}

void declare_load(CLI::App& command, bench::load_options& x) {
  command.add_option("--pairs", x.pairs, "Senders, each with a receiver")
    ->check(whole(1, 10'000))
    ->capture_default_str();
  command.add_option("--bytes", x.body_bytes, "Of each message's body")
    ->check(whole(bench::body::bytes_min, protocol::limits::body_bytes_max))
    ->capture_default_str();
  command.add_flag("--echo", x.echo,
                   "Senders read their own inbox too, as other devices of "
                   "theirs would");
}

void declare_time(CLI::App& command, bench::load_options& x) {
  command.add_option("--seconds", x.seconds, "How long to measure")
    ->check(between(0.1, 3600.0))
    ->capture_default_str();
  command.add_option("--warmup", x.warmup_s, "Seconds before that")
    ->check(between(0.0, 600.0))
    ->capture_default_str();
}

void declare_window(CLI::App& command, bench::load_options& x) {
  command
    .add_option("--window", x.window, "Messages on their way for each pair")
    ->check(whole(1, 1000))
    ->capture_default_str();
}

void declare_count(CLI::App& command, bench::stored_options& x) {
  command.add_option("--messages", x.messages, "How many to store")
    ->check(whole(1, 20'000'000))
    ->capture_default_str();
}

void declare(CLI::App& command, bench::load_options& x) {
  declare_load(command, x);
  declare_window(command, x);
  declare_time(command, x);
}

void declare(CLI::App& command, bench::paced_options& x) {
  declare_load(command, x);
  declare_time(command, x);
  command.add_option("--rate", x.rate, "Messages a second, over all pairs")
    ->check(between(1.0, 1'000'000.0))
    ->capture_default_str();
}

void declare(CLI::App& command, bench::stored_options& x) {
  declare_load(command, x);
  declare_window(command, x);
  declare_count(command, x);
}

void declare(CLI::App& command, bench::idle_options& x) {
  command.add_option("--connections", x.connections, "How many to open")
    ->check(whole(1, 50'000))
    ->capture_default_str();
  command.add_option("--settle", x.settle_s, "Seconds before memory is read")
    ->check(between(0.1, 600.0))
    ->capture_default_str();
}

// -- doing it -----------------------------------------------------------------

/// Which node a scenario can do with.
enum class node_kind { any, known_process, own };

/// What is missing on the command line, or nothing.
std::string missing(const bench::rig_options& x, node_kind of) {
  if (x.spawned())
    return {};
  if (x.config.empty())
    return "--server: expected --config too, the configuration of that node";
  if (x.ca.empty()
      && (x.server.starts_with("tls:") || x.server.starts_with("wss:")))
    return "--server: expected --ca too, whom to trust at " + x.server;
  if (of == node_kind::known_process && x.pid == 0)
    return "it reads the memory of the node, expected --pid";
  return {};
}

/// What to do when there is no node to measure; empty for what is usual.
std::string no_node_remedy(const error& why, const bench::rig_options& node) {
  if (!node.spawned())
    return key_remedy(why);
  // Its log has gone with its folder.
  return why.code == errc::usage ? "" : "correct that, and measure again";
}

/// Why a measurement came to no end: nobody it could speak to, or the load.
trouble unmeasured(const error& why, const bench::rig_options& node) {
  auto another = node.spawned() || why.code != errc::no_connection
                   ? std::string{}
                   : connection_remedy(why, node.server, !node.ca.empty());
  if (!another.empty())
    return because("can't measure the node at " + node.server, why, another);
  return because(
    "the measurement did not come to its end", why,
    node.spawned()
      ? "try with less load; to see a node's log, measure one that "
        "you start yourself, with --server"
      : "try with less load, and look at the node's log");
}

template <class Options>
using scenario = result<bench::report> (*)(rig&, const Options&);

template <class Options>
exit_code measure(const bench_options<Options>& options, node_kind of,
                  scenario<Options> run, const console& io) {
  if (auto lack = missing(options.node, of); !lack.empty())
    return io.fail(
      {exit_code::usage, "can't begin to measure", lack, "iris bench --help"});
  auto on = rig::make(options.node);
  if (!on)
    return io.fail(because("can't get a node to measure", on.failure(),
                           no_node_remedy(on.failure(), options.node)));
  tell_progress(**on, io);
  auto report = run(**on, options.load);
  if (!report)
    return io.fail(unmeasured(report.failure(), options.node));
  if (auto ok = (*on)->finish(); !ok)
    return io.fail(because("the node did not end as it should", ok.failure()));
  return show(*report, options.node.spawned(), io);
}

template <class Options>
void add_scenario(CLI::App& bench, action& chosen, heading title, node_kind of,
                  scenario<Options> run) {
  add_command<bench_options<Options>>(
    bench, chosen, std::move(title),
    [of](CLI::App& command, bench_options<Options>& x) {
      declare_own(command, x.node);
      if (of != node_kind::own) {
        declare_other(command, x.node);
        declare_nodes(command, x.node);
      }
      declare(command, x.load);
    },
    [of, run](const bench_options<Options>& options, const console& io) {
      return measure(options, of, run, io);
    });
}

} // namespace

void add_bench(CLI::App& app, action& chosen) {
  auto bench = app.add_subcommand(
    "bench",
    "Measure a node that is started for this, or another on this machine, and "
    "check every message");
  bench->require_subcommand(1);
  add_scenario(*bench, chosen, {"f1", "Messages a second between users online"},
               node_kind::any, bench::run_online);
  add_scenario(*bench, chosen, {"f2", "Latency at a fixed rate"},
               node_kind::any, bench::run_paced);
  add_scenario(*bench, chosen,
               {"f3", "Store for users who are away, then drain"},
               node_kind::any, bench::run_stored);
  add_scenario(*bench, chosen, {"f4", "Memory of an idle connection"},
               node_kind::known_process, bench::run_idle);
  add_scenario(*bench, chosen,
               {"startup", "How long a node with many messages takes to start"},
               node_kind::own, bench::run_startup);
}

} // namespace iris::cli
