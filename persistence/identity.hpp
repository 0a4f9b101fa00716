#pragma once

#include "base/ids.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace iris::persistence {

inline constexpr std::uint32_t schema_version = 2;

/// Who a store belongs to. Written once, when the store is made.
struct identity {
  std::string cluster; ///< the cluster's name, one line
  node_id node;
  std::uint16_t shards = 16;
  /// A random number, made with the store: by it, other nodes tell it from one
  /// that takes its place under the same node's number. 0: there was no such
  /// number yet.
  std::uint64_t store = 0;
  /// The nodes that began the cluster. None: not recorded yet, or the node
  /// joined later.
  std::vector<node_id> founders = {};

  bool operator==(const identity&) const = default;
};

/// The text of the file IDENTITY, for people too:
///   iris store
///   schema 2
///   cluster demo
///   node 7
///   shards 16
///   store 0123456789abcdef
///   founders 7 8 9
///   check 0123456789abcdef
/// where `check` is XXH3 of all bytes before its line. A store without a number
/// and founders has schema 1, and no such lines. Later schemas keep the first
/// two lines and the last.
std::string encode(const identity& in);

/// Fails with store_newer or corrupt.
result<identity> parse_identity(std::string_view text);

/// "node 7 of cluster 'demo' with 16 shards".
std::string describe(const identity& in);

/// Whether both are the same node of the same cluster: whatever their stores.
bool same_node(const identity& a, const identity& b);

} // namespace iris::persistence
