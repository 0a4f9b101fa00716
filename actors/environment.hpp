#pragma once

#include "actors/presence.hpp"
#include "actors/refusals.hpp"
#include "actors/user_gate.hpp"
#include "base/clock.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace iris::actors {

/// Which actor leads each shard, by shard id, and last that of the control
/// group. Immutable: a change is a new table.
using routing_table = std::vector<shard_actor>;

/// Where commands go. Any thread; no lock is held while a message is sent.
class router {
public:
  explicit router(std::uint16_t shards)
    : shards_(shards),
      table_(std::make_shared<const routing_table>(shards + std::size_t{1})) {}

  /// Without the control group.
  std::uint16_t shards() const noexcept { return shards_; }

  /// Whether there is such a group.
  bool knows(shard_id where) const noexcept {
    return where.value < shards_ || where == cluster::control_shard;
  }

  shard_id home_of(const persistence::actor_ref& who) const {
    return persistence::shard_of(who, shards_);
  }

  shard_actor at(shard_id where) const { return (*table_.load())[slot(where)]; }

  void update(shard_id where, shard_actor leader) {
    std::lock_guard guard{updating_};
    auto next = std::make_shared<routing_table>(*table_.load());
    (*next)[slot(where)] = std::move(leader);
    table_.store(std::move(next));
  }

  /// Sends `what` to the leader of `where`, or refuses it if none is known.
  template <class Message>
  void to_shard(shard_id where, Message what) const {
    if (auto leader = at(where))
      caf::anon_send(leader, std::move(what));
    else
      refuse(what, {errc::not_leader, "no leader of this shard is known", 100});
  }

  template <class Message>
  void to_actor(const persistence::actor_ref& who, Message what) const {
    to_shard(home_of(who), std::move(what));
  }

private:
  std::size_t slot(shard_id where) const noexcept {
    return where == cluster::control_shard ? shards_ : where.value;
  }

  const std::uint16_t shards_;
  std::mutex updating_;
  std::atomic<std::shared_ptr<const routing_table>> table_;
};

/// What the controller is given.
struct control_options {
  /// Of a cluster that has stored none: version 0, and 1 once stored.
  cluster::cluster_map first_map;
  std::chrono::milliseconds plan_every = std::chrono::seconds{1};
  /// For how long a node may be away before others take over for it.
  std::chrono::milliseconds dead_after = std::chrono::minutes{10};
  /// How long a replica may take to arrive before others move.
  std::chrono::milliseconds arrive_within = std::chrono::minutes{10};
  const presence* nodes = nullptr; ///< where there is a control group
};

/// What the actors of a node share.
struct environment {
  const clock& time;
  router& routes;
  user_gate& users;
  observability::metrics& metrics;
  observability::logger& log;
  conversation_options conversation;
  user_options user;
  std::uint32_t mailbox_max = 1024;
  /// Set while the disk has less room than it should: submissions are refused.
  const std::atomic<bool>& storage_full;
  control_options control = {};
};

} // namespace iris::actors
