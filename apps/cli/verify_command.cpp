#include "actors/verify.hpp"
#include "apps/cli/command.hpp"
#include "apps/cli/files.hpp"
#include "apps/cli/json.hpp"
#include "apps/cli/table.hpp"
#include "cluster/raft/configuration.hpp"
#include "persistence/node_store.hpp"
#include "persistence/posix_disk.hpp"

#include <filesystem>

namespace iris::cli {

namespace {

struct verify_options {
  std::string directory;
  bool cluster = false;
  admin_options admin;
};

constexpr std::size_t identity_bytes_max = 4096;
constexpr std::size_t apply_batch = 256;
/// Beyond these they are only counted.
constexpr std::size_t problems_listed_max = 1000;

/// The store itself, also when the folder above it is named: what a node calls
/// node.data_dir.
std::string store_in(const std::string& directory) {
  auto below = directory + "/store";
  return std::filesystem::exists(below + "/IDENTITY") ? below : directory;
}

/// Opening makes a store where there is none, so whose it is is read first.
result<persistence::identity> identity_of(const std::string& store) {
  constexpr auto expected = ", expected the folder with the store of a node";
  std::error_code ignored;
  auto type = std::filesystem::status(store, ignored).type();
  if (type == std::filesystem::file_type::not_found)
    return error{errc::store_missing, "there is no " + store + expected};
  if (type == std::filesystem::file_type::regular)
    return error{errc::store_missing, store + " is a file" + expected};
  auto text = read_file(store + "/IDENTITY", identity_bytes_max);
  if (text)
    return persistence::parse_identity(*text);
  if (text.failure().code != errc::not_found)
    return text.failure();
  return error{errc::store_missing,
               store + " has no IDENTITY, expected the store of a node"};
}

/// Whether no other node decides with this one. Then all that its log holds is
/// committed; else its end may be replaced by what the others decided.
result<bool> decides_alone(const persistence::loaded_log& log) {
  auto servers = cluster::raft::latest_in(log);
  if (!servers)
    return servers.failure();
  return cluster::raft::voters(*servers) <= 1;
}

/// Applies what the log has beyond the state.
result<void> apply_tail(persistence::state_store& state, shard_id shard,
                        const persistence::loaded_log& log,
                        std::uint64_t first) {
  using namespace cluster::raft;
  auto end = log.first_index + log.entries.size();
  for (auto i = first; i < end; i += apply_batch) {
    std::vector<persistence::committed_entry> batch;
    for (auto j = i; j < std::min(end, i + apply_batch); ++j) {
      const auto& x = log.entries[j - log.first_index];
      batch.push_back(
        {shard, j, x.term,
         is(x, entry_type::command) ? std::string_view{*x.payload} : ""});
    }
    if (auto ok = state.apply(batch); !ok)
      return ok.failure();
  }
  return {};
}

struct findings {
  persistence::identity who;
  bool alone = true;
  std::uint64_t caught_up = 0;
  std::uint64_t undecided = 0;
  bool torn = false;
  actors::verify_counts counts;
  std::vector<std::string> problems;
};

result<void> inspect_log(persistence::node_store& store, shard_id shard,
                         findings& out) {
  auto log = store.log->load(shard);
  if (!log)
    return log.failure();
  auto alone = decides_alone(*log);
  if (!alone)
    return alone.failure();
  auto applied = store.state->applied(shard);
  if (!applied)
    return applied.failure();
  auto first = std::max(log->first_index, applied->index + 1);
  auto end = log->first_index + log->entries.size();
  auto count = end > first ? end - first : 0;
  out.alone = out.alone && *alone;
  (*alone ? out.caught_up : out.undecided) += count;
  return *alone ? apply_tail(*store.state, shard, *log, first) : result<void>{};
}

/// What is remembered of this and other nodes' processes can be read.
result<void> inspect_memory(const persistence::log_store& log) {
  if (auto incarnation = log.incarnation(); !incarnation)
    return incarnation.failure();
  if (auto starts = log.starts(); !starts)
    return starts.failure();
  if (auto peers = log.peers(); !peers)
    return peers.failure();
  return {};
}

result<void> inspect(const std::string& store_path, findings& out) {
  auto who = identity_of(store_path);
  if (!who)
    return who.failure();
  out.who = *who;
  persistence::posix_disk disk;
  auto store = persistence::node_store::open(store_path, *who, disk);
  if (!store)
    return store.failure();
  out.torn = store->log->tail_was_torn();
  if (auto ok = inspect_memory(*store->log); !ok)
    return ok;
  for (shard_id shard; shard.value < who->shards; ++shard.value)
    if (auto ok = inspect_log(*store, shard, out); !ok)
      return ok;
  auto counts =
    actors::verify(*store->state, who->shards, out.alone,
                   [&problems = out.problems](const std::string& x) {
                     if (problems.size() < problems_listed_max)
                       problems.push_back(x);
                   });
  if (!counts)
    return counts.failure();
  out.counts = *counts;
  return {};
}

void print_json(const findings& x, std::ostream& to) {
  const auto& n = x.counts;
  to << to_line({{"ok", n.problems == 0},
                 {"cluster", x.who.cluster},
                 {"node", x.who.node.value},
                 {"shards", x.who.shards},
                 {"alone", x.alone},
                 {"applied_from_log", x.caught_up},
                 {"undecided_in_log", x.undecided},
                 {"log_tail_torn", x.torn},
                 {"keys", n.keys},
                 {"conversations", n.conversations},
                 {"messages", n.messages},
                 {"users", n.users},
                 {"inbox_entries", n.inbox_entries},
                 {"problem_count", n.problems},
                 {"problems", x.problems}})
     << std::endl;
}

void print_text(const findings& x, std::ostream& to) {
  const auto& n = x.counts;
  to << "store of " << describe(x.who) << '\n';
  if (x.torn)
    to << "the log's last record was cut short, as a crash leaves it, and is "
          "left out\n";
  if (x.caught_up > 0)
    to << "applied " << x.caught_up
       << " entries of the log that the state did not have yet\n";
  if (!x.alone)
    to << "one of several nodes: deliveries between shards are not compared, "
          "and "
       << x.undecided
       << " entries of the log, which are not known to be decided, are left "
          "alone\n";
  to << n.keys << " keys, " << n.conversations << " conversations, "
     << n.messages << " messages, " << n.users << " users, " << n.inbox_entries
     << " inbox entries\n";
  for (const auto& problem : x.problems)
    to << "problem: " << printable(problem) << '\n';
  if (n.problems > x.problems.size())
    to << "and " << n.problems - x.problems.size() << " more\n";
  if (n.problems == 0)
    to << "no problems\n";
  to.flush();
}

std::string remedy_for(errc code) {
  if (code == errc::store_locked)
    return "stop the node first: only a store at rest can be checked";
  if (code == errc::store_missing)
    return "name node.data_dir of the node's configuration";
  if (code == errc::io_failed)
    return "mend that, and check it again; it says nothing about the store";
  if (code == errc::storage_full)
    return "make room on the disk: what the log has is written to the store";
  return "keep a copy of the folder, and restore a backup";
}

exit_code verify(const verify_options& options, const console& io) {
  if (options.cluster)
    return verify_cluster(options.admin, io);
  if (options.directory.empty())
    return io.fail({exit_code::usage, "can't understand the command line",
                    "DIR or --cluster is required", "iris verify --help"});
  auto store = store_in(options.directory);
  findings found;
  auto ok = inspect(store, found);
  if (!ok)
    return io.fail(because("can't check the store in " + store, ok.failure(),
                           remedy_for(ok.failure().code)));
  io.json ? print_json(found, io.out) : print_text(found, io.out);
  if (found.counts.problems == 0)
    return exit_code::ok;
  return io.fail(
    {exit_code::failed, "the store in " + store + " is damaged",
     std::to_string(found.counts.problems) + " problems, expected none",
     "keep a copy of the folder, and restore a backup"});
}

} // namespace

void add_verify(CLI::App& app, action& chosen) {
  add_command<verify_options>(
    app, chosen,
    {"verify", "Check a stopped node's store, or that replicas hold the same"},
    [](CLI::App& command, verify_options& x) {
      auto* directory = command.add_option(
        "DIR", x.directory,
        "node.data_dir of a stopped node, or the store in it");
      auto* whole = command.add_flag(
        "--cluster", x.cluster,
        "Compare all that the replicas of a running cluster hold");
      x.admin.timeout_s = 600;
      declare(command, x.admin);
      whole->excludes(directory);
    },
    verify);
}

} // namespace iris::cli
