#pragma once

#include "base/ids.hpp"
#include "base/result.hpp"
#include "cluster/raft/entry_type.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace iris::cluster::raft {

/// What a server does in its group (Raft thesis, section 4.2). The numbers are
/// on disk.
enum class server_role : std::uint8_t {
  standby = 0, ///< gets the log, has no vote
  voter = 1,
  spare = 2, ///< gets the log only while it catches up
};

struct server {
  node_id id;
  server_role role = server_role::voter;

  bool operator==(const server&) const = default;
};

/// The servers of a group in the order of their ids, each once, at least one.
using configuration = std::vector<server>;

constexpr std::size_t servers_max = 64;

/// Whether it is in order, and neither empty nor longer than servers_max.
bool well_formed(const configuration& what) noexcept;

/// The bytes that the library reads in configuration entries:
///
///   0  u8   1
///   1  u64  servers, little-endian
///      then each: u64 id, little-endian; its digits and a zero byte as its
///      address; u8 role
///      zeros up to a multiple of eight
///
/// and behind them, where it doesn't look, the revision of the placement that
/// the group followed, a little-endian u64; absent if it is 0.
///
/// Precondition: well formed.
std::string encode(const configuration& in, std::uint64_t revision = 0);

/// Only what `encode` writes; the library's own decoder reads past the end of
/// anything else. Fails with corrupt.
result<configuration> decode_configuration(std::string_view in);

/// Of a configuration that can be decoded; 0 for any other bytes.
std::uint64_t revision_of(std::string_view in);

/// The latest one in a log, committed or not; none in an empty log. Fails with
/// corrupt.
result<configuration> latest_in(const persistence::loaded_log& log);

/// Whether others than this node vote by a log: they have what it may lack.
/// Fails with corrupt.
result<bool> others_vote(const persistence::loaded_log& log, node_id self);

/// Null when it is not there.
const server* find(const configuration& in, node_id id) noexcept;
bool votes(const configuration& in, node_id id) noexcept;
std::size_t voters(const configuration& in) noexcept;

} // namespace iris::cluster::raft
