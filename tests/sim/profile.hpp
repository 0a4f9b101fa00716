#pragma once

#include "tests/sim/sim_node.hpp"

#include <string>

namespace iris::sim {

/// What kind of run a seed stands for: limits so low that they are met, each
/// in a share of the seeds, and some of what goes wrong.
struct profile {
  explicit profile(std::uint64_t seed);
  /// Where nothing of it is.
  static profile calm();

  /// Sets what differs from the defaults, for the node that they are of.
  void apply(actors::node_options& to) const;
  persistence::node_options store() const;
  /// Of the node with this number.
  machine_options machine(std::uint32_t number) const;
  std::string str() const;

  std::uint16_t shards = 4;
  bool small_queues = false; ///< mailboxes of a few messages, and a crowd
  std::uint32_t queue_max = 4;
  bool small_caches = false; ///< tails, seen conversations, short rests
  bool small_stores = false; ///< logs and tables that fill up
  bool retention = false;    ///< of seconds, swept every few
  bool busy = false;         ///< bursts of ten times as much
  bool disk_faults = false;
  bool wild_clocks = false; ///< that are fast or slow, and jump
  /// Nodes have election time-outs of their own: safety must not depend on
  /// when others stand for election.
  bool wild_timers = false;
  std::uint32_t replicas = 0; ///< of each shard; 0: one on each founder

  /// Nobody joins and nobody goes.
  void stay();
  std::size_t spares = 0; ///< machines that may join besides
  bool grows = false;     ///< one node begins, the others join
  bool shrinks = false;   ///< to one node, having grown
  bool hasty = false;     ///< others take over for who is away for seconds
  bool polite = false;    ///< nodes are told to end, too
  bool fills = false;     ///< disks have no room for another byte
  bool returns = false;   ///< removed nodes are switched on again

private:
  const std::uint64_t seed_;
};

} // namespace iris::sim
