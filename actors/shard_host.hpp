#pragma once

#include "actors/durable.hpp"

#include <atomic>
#include <deque>
#include <set>
#include <unordered_map>

namespace iris::actors {

/// What a shard takes on before it is written, at most.
inline constexpr std::size_t taken_bytes_max = std::size_t{16} << 20;

/// What a shard actor is made of.
struct shard_host_parts {
  cluster::shard::parts shard;
  persistence::log_store& log;
  /// Where the stores are written, so that loading waits for what an earlier
  /// host of this shard left behind.
  executor& log_thread;
  executor& state_thread;
  const environment& env;
  std::chrono::milliseconds rest_after = std::chrono::minutes{1};
  std::chrono::milliseconds sweep_every = std::chrono::minutes{10};
  /// Who leads in which term, told on the shard's unit; nobody: no leader that
  /// this replica knows.
  std::function<void(std::optional<node_id>, std::uint64_t)> on_leader = {};
  /// As the shard's.
  std::function<void(const cluster::group_servers&)> on_servers = {};
  /// Told by the control group's replica what its state store has, or why this
  /// node can't use that, at the start and after each entry: on a reader's
  /// thread.
  std::function<void(result<cluster::cluster_map>)> on_map = {};
};

/// Owns a shard's replica and supervises its durable actors: see shard_actor.
///
/// Invariants:
/// 1. At most one actor for each actor_ref.
/// 2. Actors live only while this replica leads, and those of one leadership
///    have gone when the next begins.
/// 3. An actor that ended by a fault is activated again by its next command,
///    at once if it has a wake mark; a command that keeps making it fail is
///    refused, and an actor that keeps failing by itself has to wait.
/// 4. Told to end, it does so after its actors.
/// 5. What its actors were handed to write and what is being written together
///    stay within a limit: a command takes its room before it is passed on.
class shard_host : public supervision::bounded<shard_actor::base> {
public:
  shard_host(caf::actor_config& config, const shard_host_parts& with);

  behavior_type make_behavior() override;
  const char* name() const override { return "shard"; }

protected:
  void bounce(caf::mailbox_element& what) override;
  bool control(const caf::type_erased_tuple& what) const noexcept override;
  void on_exit() override;

private:
  struct child {
    caf::actor handle;
    std::uint64_t forwarded = 0;
    std::chrono::nanoseconds last_used{0};
  };

  /// A fan_out that goes to its users one by one, as there is room.
  struct delivery {
    std::shared_ptr<const fan_out> batch;
    std::shared_ptr<fan_in> waiting;
    std::size_t next = 0; ///< recipient
  };

  template <class Message>
  bool may_wait(const Message& what);
  template <class Message>
  void forward(const persistence::actor_ref& to, Message& what);
  template <class Message>
  auto to_conversation();
  template <class Message>
  auto to_user();
  void on_submit(submit& what);
  void on_fan_out(fan_out& what);
  void on_read_statuses(const read_statuses& what);
  void on_read_status(read_status what);
  void hand_out();
  bool hand_out(delivery& what);
  void hand_out_later();
  bool has_room(std::size_t bytes, std::size_t limit) const;
  void begin();
  void place(cluster::placement wanted);
  void read_map();
  void on_reload(const shard_reload& what);
  void load();
  void on_loaded(shard_loaded& what);
  void on_replica(replica_message& what);
  void on_leading();
  void begin_to_lead();
  void take_early();
  void on_following();
  void on_stopped(const error& why);
  void tell_stopped();
  void forget_stopped();
  void on_repair(const repair_replica& what);
  void on_down(const caf::down_msg& what);
  void on_resting(const resting& what);
  void on_tick();
  void end(const caf::error& reason);
  void end_children();
  void on_awaken(const awaken& what);
  void wake_marked(std::string first);
  void wake_if_marked(const persistence::actor_ref& who);
  void sweep_from(std::string first);
  error refusal() const;
  error presence_unknown() const;
  error held_back(const persistence::actor_ref& who, command_key what) const;
  void failed(const persistence::actor_ref& who, const caf::error& why);
  child& activate(const persistence::actor_ref& who);
  caf::actor spawn(const persistence::actor_ref& who);
  const char* state() const;
  supervision::tree_node describe() const;
  void tick_later();
  using gauges = observability::family<observability::gauge>;
  observability::gauge& gauge_of(gauges observability::metrics::*which) const;

  const shard_host_parts with_;
  std::shared_ptr<cluster::shard> shard_;
  cluster::placement wanted_;
  error stopped_;
  /// From a repair that was taken until it has begun anew, or failed.
  const std::shared_ptr<std::atomic<bool>> repairing_ =
    std::make_shared<std::atomic<bool>>(false);
  caf::error ending_;
  /// Whether it is known who leads; before, commands wait.
  bool led_ = false;
  /// This replica leads, but actors of an earlier leadership are still there.
  bool leads_soon_ = false;
  /// Since when it leads, and knows who is there.
  std::chrono::nanoseconds presence_known_at_{0};
  /// Commands that came before this replica knew whether it leads.
  std::vector<task> early_;
  /// Who opened an inbox with one of them.
  std::set<caf::actor_id> early_opens_;
  /// Bytes that actors were handed and have not staged yet. Whoever lets go of
  /// a command last counts them down: that may be a reader's thread.
  std::shared_ptr<std::atomic<std::size_t>> handed_ =
    std::make_shared<std::atomic<std::size_t>>(0);
  /// Status requests that a reader has and has not answered: at most as many
  /// as a mailbox takes.
  std::shared_ptr<std::atomic<std::size_t>> asked_ =
    std::make_shared<std::atomic<std::size_t>>(0);
  std::deque<delivery> deliveries_;
  std::unordered_map<persistence::actor_ref, child> children_;
  std::unordered_map<caf::actor_id, persistence::actor_ref> by_actor_;
  dead_letters faults_;
  std::uint64_t restarts_ = 0;
  std::string last_fault_;
  std::chrono::nanoseconds next_sweep_{0};
  bool sweeping_ = false;
};

} // namespace iris::actors
