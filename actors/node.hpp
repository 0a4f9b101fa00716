#pragma once

#include "actors/comparison_desk.hpp"
#include "actors/connection.hpp"
#include "actors/control_desk.hpp"
#include "actors/environment.hpp"
#include "actors/gateway.hpp"
#include "actors/leader_table.hpp"
#include "actors/shard_host.hpp"
#include "cluster/cluster_map.hpp"
#include "cluster/network.hpp"
#include "persistence/node_store.hpp"
#include "supervision/supervisor.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

namespace iris::actors {

/// The threads of a node, or what stands for them in the simulation. They
/// outlive the node.
struct node_threads {
  std::vector<supervision::unit*> units; ///< run the actors
  executor& log;                         ///< waits for fsync
  executor& state;                       ///< writes the state store
  executor& readers;                     ///< read it
};

/// What a node is given besides; all of it outlives the node.
struct node_services {
  const clock& time;
  observability::metrics& metrics;
  observability::logger& log;
  /// To the other nodes; null: there are none. It outlives the node, and tells
  /// the node what comes.
  cluster::network* net = nullptr;
  /// Another number for each process of this node.
  std::uint64_t process = 0;
  /// Told of each newer map, on a reader's thread.
  std::function<void(const std::shared_ptr<const cluster::cluster_map>&)>
    on_map = {};
};

struct node_options {
  persistence::identity self;
  /// Who begins the cluster: the same on each of them. Empty: this one alone.
  /// Another node has only a replica of the control group before the map has a
  /// shard for it.
  std::vector<cluster::member> founders;
  /// Replicas of each shard, if there are as many nodes.
  std::uint32_t replicas = 3;
  /// For how long a node may be away before others take over for it.
  std::chrono::milliseconds dead_after = std::chrono::minutes{10};
  /// How long a replica may take to get to another node before that one is
  /// passed over for a while, and others move.
  std::chrono::milliseconds arrive_within = std::chrono::minutes{10};
  std::chrono::milliseconds plan_every = std::chrono::seconds{1};
  cluster::raft::options raft;
  conversation_options conversation;
  user_options user;
  connection_options connection;
  std::uint32_t connections_per_user = 16;
  std::uint32_t mailbox_max = 1024;
  /// What the logs may hold before they are cut.
  std::uint64_t log_bytes_max = 64 * 1024 * 1024;
  /// What a cut leaves of each shard's, for replicas that are not far behind.
  std::size_t log_trailing_bytes = 1024 * 1024;
  /// What the cuts leave of all shards' that this node leads, in memory too,
  /// where a replica is down or slow: it then needs no copy of the state.
  std::size_t log_lagging_bytes = 256 * 1024 * 1024;
  /// Entries of a shard from one comparison of its replicas to the next.
  std::uint64_t checkpoint_every = 256;
  std::chrono::milliseconds rest_after = std::chrono::minutes{1};
  std::chrono::milliseconds sweep_every = std::chrono::minutes{10};
  std::uint64_t seed = 0;
};

/// Everything of a node but sockets, threads and configuration: what irisd
/// and the simulation have in common. Not thread-safe itself; the actors are.
///
///   root ─┬─ shards ─┬─ shard 0 ── conversations, users
///         │          ├─ shard n ── …
///         │          └─ shard control ── controller
///         ├─ control_desk
///         └─ (edge: its listeners supervise their connections)
class node final : public cluster::network::receiver {
public:
  node(const node_options& options, persistence::node_store store,
       node_threads threads, const node_services& with);
  ~node() override;
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  const environment& env() const noexcept { return env_; }
  const node_options& options() const noexcept { return options_; }
  const supervision::supervisor_actor& root() const noexcept { return root_; }

  /// Files at level 0 of the state store, for the metric. Any thread.
  int level0_files() const { return store_.state->level0_files(); }
  /// Blocks of the state store in memory, for the metric. Any thread.
  std::uint64_t cached_bytes() const { return store_.state->cached_bytes(); }

  /// For checks while nothing is written.
  const persistence::state_store& state() const { return *store_.state; }

  /// For connections that come from now on. Any thread.
  void limit_connections_per_user(std::uint32_t most) { users_.limit(most); }

  /// Who leads the shard, if this node knows. It may be this node, which then
  /// has yet to catch up with what was before. Any thread.
  std::optional<node_id> leader(shard_id of) const;

  /// A shard that this node leads, with its voters as they are committed.
  struct led_shard {
    shard_id shard;
    std::uint64_t term = 0;
    std::vector<node_id> voters;
  };
  /// Any thread.
  std::vector<led_shard> leads() const;

  /// Asks all shards' leaders for the comparison with this number: see
  /// cluster::shard::compare_all. `then` is called once. Any thread.
  void compare_all(std::uint64_t number,
                   std::function<void(const compared_shards&)> then);

  /// This node's replica is made anew from another's: see repair_replica. Any
  /// thread.
  void repair(shard_id which, std::function<void(const result<void>&)> then);

  /// Leadership of all shards goes to other nodes, for this one stops. Any
  /// thread.
  void hand_over();
  /// Whether this node leads nothing that another could.
  bool handed_over() const;
  /// Nodes and shards as this node knows them; never null. Any thread.
  std::shared_ptr<const cluster::cluster_map> map() const;

  /// Which nodes of the map this one sees. Any thread.
  cluster::node_health health() const;
  /// For how long it has not seen that one, if it ever did; none while it does.
  /// Any thread.
  std::optional<std::chrono::nanoseconds> away(node_id who) const;

  /// Asks the controller, wherever it is: `then` is called once, on some unit
  /// or here. Any thread.
  void change(control_change what, std::function<void(const error&)> then);

  /// Submissions are refused while this is set.
  void storage_full(bool yes);

  /// Ends the actors that stand for those of other nodes. Call it when the
  /// root has been told to end and nothing comes from other nodes any more.
  void close();

  // What other nodes send. Any thread.
  void on_frame(node_id from, cluster::lane by, std::string frame) override;
  void on_link(node_id peer, bool up) override;

private:
  struct group_voters {
    std::vector<node_id> voters; ///< sorted
    std::uint64_t index = 0;     ///< of the entry that has them
    std::uint64_t revision = 0;  ///< of the placement that it was made for
  };

  caf::actor start_shard(shard_id id);
  supervision::child_spec spec_of(shard_id id);
  void open(shard_id id);
  void end(shard_id id);
  void on_leader(shard_id of, std::optional<node_id> leader,
                 std::uint64_t term);
  void on_servers(shard_id of, const cluster::group_servers& what);
  void route(const leader_table::changes& what);
  void route(shard_id of);
  void lose_routes();
  void announce();
  void tell_voters(shard_id of);
  void say_again(const std::weak_ptr<bool>& alive);
  void take(cluster::cluster_map read);
  void place(shard_id id, const cluster::placement& where);
  void ask(control_change what, std::function<void(const error&)> then);

  const node_options options_;
  persistence::node_store store_;
  const node_threads threads_;
  persistence::log_writer log_writer_;
  persistence::state_writer state_writer_;
  cluster::shard_mail mail_;
  router routes_;
  /// This node's replicas.
  router local_;
  user_gate users_;
  std::atomic<bool> storage_full_{false};
  presence presence_;
  environment env_;
  const std::function<void(const std::shared_ptr<const cluster::cluster_map>&)>
    on_map_;

  /// Guards what follows, and the order in which routes change.
  mutable std::mutex routing_;
  leader_table leaders_;
  bool lost_ = false;                       ///< see lose_routes
  std::map<shard_id, group_voters> groups_; ///< committed
  std::set<shard_id> replicas_;
  std::set<node_id> linked_;
  std::shared_ptr<const cluster::cluster_map> map_;
  /// None before they have started.
  supervision::supervisor_actor shards_;
  control_desk_actor desk_;
  /// Gone once closed: timers look.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

  /// None without other nodes.
  std::optional<gateway> gateway_;
  supervision::supervisor_actor root_;
};

} // namespace iris::actors
