#pragma once

#include "apps/bench/fleet.hpp"
#include "apps/bench/own_nodes.hpp"
#include "apps/bench/report.hpp"
#include "config/settings.hpp"
#include "security/tokens.hpp"

#include <optional>
#include <string>

namespace iris::bench {

/// Which node is measured.
struct rig_options {
  /// Without `server`: one that is started, with a store in a new folder
  /// below `directory`, and ended; or a cluster of so many, over which the
  /// connections are spread.
  std::filesystem::path irisd;
  std::filesystem::path directory;
  std::uint32_t nodes = 1;
  /// Use TLS, WebSocket or both, of a node that is started.
  bool tls = false;
  bool websocket = false;
  bool spawned() const noexcept { return server.empty(); }
  /// Or a node that runs: where it listens, tcp://127.0.0.1:7300 or tls://…,
  /// ws://… or wss://…; the configuration that it runs with, for its signing
  /// key; whom to trust, and its process, for what it uses.
  std::string server;
  std::filesystem::path config;
  std::filesystem::path ca;
  pid_t pid = 0;
};

/// A node, ready to be measured, and what is needed to connect to it. Load
/// goes to this machine's loopback only.
class rig {
public:
  /// Fails with usage, config_invalid, or what starting a node fails with.
  static result<std::unique_ptr<rig>> make(const rig_options& with);

  reactor& loop() noexcept { return loop_; }
  fleet::options fleet_options() const;
  /// For names of users that this node has never seen.
  const std::string& run_name() const noexcept { return run_name_; }

  /// What the node has used, or all; zeros if its process isn't known.
  usage node_usage() const;
  bool node_is_known() const noexcept { return own_ || pid_ > 0; }

  /// Ends the started node by that signal, and starts it again on its store.
  result<void> restart(int signal);
  std::chrono::nanoseconds started_in() const { return own_->started_in(); }

  /// Adds what a sync costs where a started node has its store: `sync`, 200 of
  /// them. Nothing is written beside the store of a node that runs already.
  /// Fails with io_failed.
  result<void> add_sync_times(report& out);

  /// A report with what is known before anything was measured.
  report begin_report(std::string bench) const;

  /// Ends a started node as an operator would. Fails if it doesn't obey.
  result<void> finish();

private:
  rig() = default;

  result<void> spawn(const rig_options& with);
  result<void> start_own();
  result<void> use_running(const rig_options& with);
  result<void> load_settings(const std::filesystem::path& file);
  result<void> load_key();
  result<void> aim(const std::string& where, const std::filesystem::path& ca);

  reactor loop_;
  std::string run_name_;
  std::string transport_; ///< "tcp"
  std::vector<target> targets_;
  config::settings settings_; ///< of the first node
  std::shared_ptr<security::token_issuer> issuer_;
  pid_t pid_ = 0;
  std::unique_ptr<own_nodes> own_;
};

} // namespace iris::bench
