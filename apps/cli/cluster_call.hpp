#pragma once

#include "apps/cli/admin_options.hpp"
#include "apps/cli/console.hpp"
#include "apps/cli/json.hpp"

#include <functional>
#include <optional>
#include <string>

/// What `iris node` and `iris shard` have in common: they read the cluster's
/// map at a node, have it changed, and wait until that is done.
namespace iris::cli {

/// How a command reaches a node, and for how long it waits.
struct cluster_options {
  std::string url = "http://127.0.0.1:7380";
  std::string token_file;
  /// Seconds; 0: 20, or 600 with `wait`.
  double timeout_s = 0;
  bool wait = false;
};

/// --admin, --token-file, --timeout; and --wait for what takes a while.
void declare(CLI::App& command, cluster_options& x, bool lasts);

/// The member of that name; null if there is none.
const ordered_json& at(const ordered_json& in, const char* key);

/// The object of the list whose member is that number; null if there is none.
const ordered_json& find(const ordered_json& list, const char* key,
                         std::uint64_t number);

/// A change of the map.
struct cluster_order {
  std::string task;   ///< what can't be done if it fails
  std::string target; ///< of the POST
  ordered_json body;
  std::string taken; ///< what to say once the cluster knows it
  std::string done;  ///< what to say once it is carried out
  /// Where to look whether it is, and what to look for.
  std::string watched = {};
  std::function<bool(const ordered_json&)> is_done = {};
  std::string awaited = {};
  /// Why the node that is asked can't see it done, if it can't; then nothing is
  /// asked of it that is to be waited for.
  std::function<std::string(const ordered_json&)> unseen = {};
  /// What to try if the cluster refuses it; empty: to look at the map.
  std::string remedy = {};
};

exit_code carry_out(const cluster_order& what, const cluster_options& with,
                    const console& io);

/// A JSON object that the node has there, as it is for --json, or as `show`
/// prints it.
exit_code show_cluster(
  const std::string& task, const std::string& target,
  const cluster_options& with, const console& io,
  const std::function<void(const ordered_json&, std::ostream&)>& show);

} // namespace iris::cli
