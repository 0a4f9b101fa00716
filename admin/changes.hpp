#pragma once

#include "base/ids.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>
#include <variant>

/// What an operator asks of the cluster: the bodies of some requests.
namespace iris::admin {

/// POST /v1/nodes: {"id": …, "address": "host:port", "zone"?: …}.
struct add_node {
  node_id id;
  std::string address; ///< as the other nodes reach it
  std::string zone;

  bool operator==(const add_node&) const = default;
};

/// POST /v1/nodes/remove: {"id": …}.
struct remove_node {
  node_id id;

  bool operator==(const remove_node&) const = default;
};

/// POST /v1/nodes/drain: {"id": …, "on": …}.
struct drain_node {
  node_id id;
  bool on = true;

  bool operator==(const drain_node&) const = default;
};

/// POST /v1/shards/move: {"shard": …, "from": …, "to": …}.
struct move_shard {
  shard_id shard;
  node_id from;
  node_id to;

  bool operator==(const move_shard&) const = default;
};

/// POST /v1/shards/transfer: {"shard": …, "to": …}.
struct transfer_shard {
  shard_id shard;
  node_id to;

  bool operator==(const transfer_shard&) const = default;
};

using cluster_change =
  std::variant<add_node, remove_node, drain_node, move_shard, transfer_shard>;

// They fail with bad_field, and say what was expected.

result<cluster_change> parse_add_node(std::string_view body);
result<cluster_change> parse_remove_node(std::string_view body);
result<cluster_change> parse_drain_node(std::string_view body);
result<cluster_change> parse_move_shard(std::string_view body);
result<cluster_change> parse_transfer_shard(std::string_view body);

} // namespace iris::admin
