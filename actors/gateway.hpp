#pragma once

#include "actors/environment.hpp"
#include "actors/errands.hpp"
#include "actors/visitors.hpp"
#include "cluster/network.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace iris::actors {

/// Joins this node's actors with those of the other nodes, which notice
/// nothing of it: a remote_shard stands for a shard that another node leads, a
/// remote_connection for another node's connection.
///
///   connection → remote_shard ──(links)──→ gateway → shard
///        ▲                                            │
///        └──── gateway ←──(links)── remote_connection ◀
///
/// Invariants:
/// 1. While the link holds, nothing that somebody waits for vanishes: what
///    finds no room on it is refused, or told to be lost.
/// 2. When it breaks, whoever waits for something behind it is told `lost` or
///    `detached`, and the connections from there close their inboxes here.
/// 3. What another process asked for is answered to no other process.
class gateway final : public cluster::network::receiver {
public:
  struct parts {
    cluster::network& links;
    const environment& env;
    /// Where stand-ins live: that of shard n is the n-th, modulo their number.
    std::vector<supervision::unit*> units;
    /// Of this process, and of no earlier one of this node.
    std::uint64_t process = 0;
    /// Told, on any thread, what another node says that it leads.
    std::function<void(node_id, const leading_frame&)> on_leading = {};
  };

  /// What it is given outlives it, and it outlives its actors' last message.
  explicit gateway(parts with);
  ~gateway() override;
  gateway(const gateway&) = delete;
  gateway& operator=(const gateway&) = delete;

  /// Commands of other nodes for this shard go to this actor. Any thread.
  void serve(shard_id where, shard_actor to);

  /// What stands for `where` on `peer`, for the routing table: the same actor
  /// each time. Any thread.
  shard_actor shard_on(node_id peer, shard_id where);

  /// `peer` leads `where` no more, though it may not say so: who waits there is
  /// told. Any thread.
  void left(node_id peer, shard_id where);

  /// Ends the actors that stand for others. Nothing may come any more.
  void close();

  /// Any lane's: it takes commands, and leaves the others to others.
  void on_frame(node_id from, cluster::lane by, std::string frame) override;
  void on_link(node_id peer, bool up) override;

  // -- for the actors that stand for others, on any thread --------------------

  std::uint64_t process() const noexcept { return with_.process; }
  const environment& env() const noexcept { return with_.env; }
  errands& under_way() noexcept { return errands_; }
  visitors& guests() noexcept { return visitors_; }
  bool send(node_id to, std::string frame) {
    return with_.links.send(to, cluster::lane::commands, std::move(frame));
  }
  /// Sends it as soon as there is room, unless the link breaks before.
  void send_later(node_id to, std::string frame);

private:
  supervision::unit& unit_of(shard_id where) const {
    return *with_.units[where.value % with_.units.size()];
  }
  void take(node_id from, command_frame& what);
  void take(node_id from, answer_frame& what);
  void take(node_id from, const leading_frame& what);
  template <class Command>
  void pass(const visitor_key& from, shard_id where, Command& what);
  shard_actor local(shard_id where) const;
  void every(std::chrono::milliseconds period, const std::weak_ptr<bool>& alive,
             std::function<void()> what);
  void retry();
  void sweep();

  const parts with_;
  errands errands_;
  visitors visitors_;

  mutable std::mutex mutex_;
  std::map<shard_id, shard_actor> local_;
  std::map<std::pair<node_id, shard_id>, shard_actor> remote_;
  std::vector<std::pair<node_id, std::string>> unsent_;
  /// Gone once closed: timers look.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace iris::actors
