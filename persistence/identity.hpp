#pragma once

#include "base/ids.hpp"

#include <string>
#include <string_view>

namespace iris::persistence {

inline constexpr std::uint32_t schema_version = 1;

/// Who a store belongs to. Written once, when the store is made.
struct identity {
  std::string cluster; ///< the cluster's name, one line
  node_id node;
  std::uint16_t shards = 16;
  std::uint32_t schema = schema_version;

  bool operator==(const identity&) const = default;
};

/// The text of the file IDENTITY, for people too:
///   iris store
///   schema 1
///   cluster demo
///   node 7
///   shards 16
///   check 0123456789abcdef
/// where `check` is XXH3 of all bytes before its line. Later schemas keep the
/// first two lines and the last.
std::string encode(const identity& in);

/// Fails with store_newer or corrupt.
result<identity> parse_identity(std::string_view text);

/// "node 7 of cluster 'demo' with 16 shards".
std::string describe(const identity& in);

} // namespace iris::persistence
