#pragma once

#include "actors/node_frames.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace iris::actors {

/// What connections of this node have under way on shards of other nodes, so
/// that each of them hears of it when the way there breaks. As large as what
/// waits for an answer and the inboxes that are open there. Any thread.
class errands {
public:
  /// The shard of a user_status, whose answers are many for one tag.
  using homes = std::function<shard_id(const user_id&)>;

  explicit errands(homes home_of) : home_of_(std::move(home_of)) {}

  /// Call it before the command leaves. Of a close_inbox: whether the inbox is
  /// open there, as far as is known.
  bool begin(node_id peer, const command_frame& what);

  /// The command did not leave. Whether it still waits, and nobody else has
  /// said that it is lost.
  bool cancel(node_id peer, const command_frame& what);

  /// Whom this answer is for; null if nobody waits for it any more.
  connection_actor end(node_id peer, const answer_frame& what);

  /// Whoever waits for something on this shard of `peer`, or on any, is told
  /// `lost` or `detached`.
  void lose(node_id peer, std::optional<shard_id> where, const error& why);

  /// Forgets the connections that ended, and those that were quiet since the
  /// last sweep. Call it seldom: a quiet one gets no late answer.
  void sweep();

  /// Connections that are known. For tests and the live tree.
  std::size_t size() const;

private:
  /// A command, by its tag and shard, and how many answers it gets.
  using waiting = std::map<std::pair<std::uint64_t, shard_id>, std::size_t>;

  struct client {
    caf::weak_actor_ptr who;
    waiting commands;
    std::optional<shard_id> inbox; ///< open, or being opened
    bool used = true;              ///< since the last sweep
  };

  void take_answer(client& of, const answered& what) const;

  const homes home_of_;
  mutable std::mutex mutex_;
  std::map<std::pair<node_id, caf::actor_id>, client> clients_;
};

} // namespace iris::actors
