#pragma once

#include "actors/node_frames.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

namespace iris::actors {

/// A connection of another node.
struct visitor_key {
  node_id home;
  connection_key who;

  auto operator<=>(const visitor_key&) const = default;
};

/// The connections of other nodes that have an actor here which stands for
/// them: as many as have an inbox open here, or asked for something since the
/// last sweep but one. The same connection has the same actor as long as its
/// inbox is open. Any thread.
class visitors {
public:
  using spawner = std::function<connection_actor(const visitor_key&, shard_id)>;

  /// `make` is called for one that asks something of this shard, with a lock
  /// held: it sends nothing.
  explicit visitors(spawner make) : make_(std::move(make)) {}

  /// The actor that stands for it, which may be a new one.
  connection_actor at(const visitor_key& who, shard_id asked);

  /// It opens the inbox of this user. Precondition: it has an actor.
  void opened(const visitor_key& who, shard_id where, const user_id& user);

  /// It has no inbox open any more. The id of its actor; none without one.
  caf::actor_id closed(const visitor_key& who);

  /// One that had its inbox open.
  struct open_one {
    shard_id where;
    close_inbox what;
  };
  /// All of this node are gone, and so are their actors.
  std::vector<open_one> leave(node_id home);
  /// The same of every node.
  void leave_all();

  /// Lets go of those that neither have an inbox open nor asked for anything
  /// since the last sweep.
  void sweep();

  /// For tests and the live tree.
  std::size_t size() const;

private:
  struct entry {
    connection_actor actor;
    std::optional<open_one> inbox;
    bool used = true; ///< since the last sweep
  };

  const spawner make_;
  mutable std::mutex mutex_;
  std::map<visitor_key, entry> here_;
};

} // namespace iris::actors
