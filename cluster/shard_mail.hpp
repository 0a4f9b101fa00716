#pragma once

#include "base/executor.hpp"
#include "cluster/image_wire.hpp"
#include "cluster/network.hpp"
#include "cluster/raft/core.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace iris::cluster {

/// When a message leaves: at the end of this turn, or within `linger`.
enum class pace : std::uint8_t { soon, lingering };

/// What the shards of this node say to their replicas on other nodes. What all
/// of them say to one peer in a turn of theirs goes as one frame; what nobody
/// waits for lingers for others of its kind, on whatever thread they are: the
/// beats of many groups cost about as much as one. Any thread.
///   consensus frame: (shard u16 | message) …
///   bulk frame:       shard u16 | message
class shard_mail {
public:
  /// `net` is null for a node that has no peers; it outlives this.
  explicit shard_mail(network* net) : net_(net) {}

  static constexpr std::chrono::milliseconds linger{5};

  bool has_peers() const noexcept { return net_ != nullptr; }

  /// Encodes nothing while there is no link. `home` is the caller's executor.
  void send(shard_id from, const raft::message& what, pace how, executor& home);
  void send(shard_id from, node_id to, const image_message& what);

  void on_link(node_id peer, bool up);

  /// Calls `visit` for each message of a frame, whose `peer` is `from`. Fails
  /// with bad_frame or corrupt; what came before has been visited then.
  static result<void>
  read(node_id from, std::string_view frame,
       const std::function<void(shard_id, raft::message)>& visit);
  static result<void>
  read_bulk(std::string_view frame,
            const std::function<void(shard_id, const image_message&)>& visit);

private:
  /// What the next frame holds, and which flushes of it are to come.
  struct open_frame {
    std::string bytes;
    bool leaves[2] = {}; ///< by pace
  };

  void flush(node_id to);
  void flush(node_id to, pace how);

  network* const net_;
  std::mutex mutex_;
  std::map<node_id, open_frame> open_; ///< by peer with a link
};

} // namespace iris::cluster
