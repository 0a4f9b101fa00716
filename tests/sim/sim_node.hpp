#pragma once

#include "actors/node.hpp"
#include "actors/verify.hpp"
#include "observability/log.hpp"
#include "tests/sim/doorkeeper.hpp"
#include "tests/sim/link.hpp"
#include "tests/sim/memory_disk.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/world.hpp"

#include <memory>
#include <optional>

namespace iris::sim {

/// What a node runs on.
struct machine_options {
  int cores = 2;
  /// How much faster its clock runs than the world's time.
  int faster_permille = 0;
  persistence::node_options store = {};
  /// To other nodes; null: there are none.
  switchboard* network = nullptr;
};

/// A node as irisd wires it, but for sockets and threads, on a disk that
/// outlives it. It can be killed at any moment.
class sim_node {
public:
  sim_node(world& in, caf::actor_system& system, actors::node_options options,
           const machine_options& machine = {});
  ~sim_node();

  /// Opens the store; fails as irisd would.
  result<void> start();
  /// Ends the process as kill -9 and a power cut do: what was not synced is
  /// gone, or not.
  void crash();
  /// Ends the process alone: the machine keeps what was written.
  void kill();
  /// Ends it as irisd does when it is told to: leadership goes to others,
  /// connections are drained, actors end, what was written is closed. Time
  /// passes. Returns whether all ended in time; when the power goes off at
  /// once, with the node still there, and when it ends otherwise. Precondition:
  /// running.
  bool stop();
  /// The disk takes this long for what it does next. Precondition: running.
  void stall_disk(std::chrono::nanoseconds duration);
  /// The same for the threads that run actors. Precondition: running.
  void stall_threads(std::chrono::nanoseconds duration);
  /// The whole process gets no time. Precondition: running.
  void pause(std::chrono::nanoseconds duration);
  /// As irisd, when it sees how much room is left. Precondition: running.
  void storage_full(bool yes) { process_->node->storage_full(yes); }
  bool running() const noexcept { return process_ != nullptr; }
  node_id id() const noexcept { return options_.self.node; }
  std::uint16_t shards() const noexcept { return options_.self.shards; }

  /// Null while the node is down.
  std::shared_ptr<link> connect(link::client_end client);

  /// Checks the store as `iris verify` does; `whole` says that all shards are
  /// here. Precondition: running, and idle.
  result<actors::verify_counts>
  verify(const std::function<void(const std::string&)>& problem,
         bool whole = true) const;

  /// Precondition: running.
  const persistence::state_store& state() const {
    return process_->node->state();
  }
  /// Called while it runs whenever something may have been applied.
  void on_applied(task what) { on_applied_ = std::move(what); }

  /// The top of the supervision tree. Precondition: running.
  const supervision::supervisor_actor& root() const {
    return process_->node->root();
  }

  /// Precondition: running.
  actors::node& node() { return *process_->node; }

  memory_disk& disk() noexcept { return disk_; }
  machine_clock& time() noexcept { return time_; }
  /// Of the process that runs. Precondition: running.
  const observability::metrics& metrics() const { return process_->metrics; }
  observability::memory_sink& log_lines() { return *log_lines_; }
  void log_level(observability::log_level x) { process_->log.set_level(x); }

private:
  /// All that ends with the process.
  struct process {
    explicit process(sim_node& of);

    std::vector<std::unique_ptr<core>> cores;
    disk_thread log_thread;
    disk_thread state_thread;
    disk_thread reader_thread;
    observability::metrics metrics;
    observability::logger log;
    std::vector<std::weak_ptr<link>> links;
    std::unique_ptr<switchboard::port> port;
    std::unique_ptr<actors::node> node;
    std::unique_ptr<doorkeeper> door; ///< with a network
  };

  world& world_;
  caf::actor_system& system_;
  persistence::identity identity() const;
  std::uint64_t number() const;
  void release_removed(const cluster::cluster_map& map);
  void stop_threads();
  void end_process();

  const actors::node_options options_;
  const machine_options machine_;
  machine_clock time_;
  memory_disk disk_;
  std::shared_ptr<observability::memory_sink> log_lines_ =
    std::make_shared<observability::memory_sink>();
  task on_applied_;
  std::unique_ptr<process> process_;
  std::size_t next_core_ = 0;
  std::uint64_t starts_ = 0;
};

} // namespace iris::sim
