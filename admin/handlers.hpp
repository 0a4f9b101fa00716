#pragma once

#include "admin/changes.hpp"
#include "base/ids.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace iris::admin {

/// Body of POST /v1/tokens: {"user": …, "device"?: …, "lifetime_s"?: …}.
struct token_request {
  static constexpr std::chrono::seconds lifetime_max = std::chrono::hours{24};

  user_id user;
  /// Without one the token fits every device of the user.
  std::optional<device_id> device;
  /// 1 s to `lifetime_max`; without one the issuer chooses.
  std::optional<std::chrono::seconds> lifetime;

  bool operator==(const token_request&) const = default;
};

/// Body of POST /v1/verify: {"number": …}, any integer from 1 to 2^53.
struct verify_request {
  static constexpr std::uint64_t number_max = std::uint64_t{1} << 53;

  std::uint64_t number = 0;

  bool operator==(const verify_request&) const = default;
};

/// Body of POST /v1/repair: {"shard": …}.
struct repair_request {
  shard_id shard;

  bool operator==(const repair_request&) const = default;
};

/// Gives a JSON text, or what went wrong. Any thread, at any time, also after
/// the listener is gone; the first call counts, and what comes after the
/// request's deadline is dropped.
using respond = std::function<void(result<std::string>)>;

/// What the listener serves; all are set by the wiring. They are called on the
/// listener's thread, must not block, and may throw, which is answered as
/// `internal`.
struct handlers {
  /// The exposition of all metrics.
  std::function<std::string()> metrics;
  /// Named conditions of being ready. The errors are shown to everybody.
  std::map<std::string, std::function<result<void>()>> checks;
  /// The supervision tree.
  std::function<void(respond)> tree;
  /// The node and its shards.
  std::function<void(respond)> status;
  /// How far the comparison of all replicas with this number is; it begins it.
  std::function<void(const verify_request&, respond)> verify;
  /// Makes the replica of this node anew.
  std::function<void(const repair_request&, respond)> repair;
  /// The nodes of the cluster, and its shards, as this node knows them.
  std::function<void(respond)> nodes;
  std::function<void(respond)> shards;
  /// Carries out what an operator asks of the cluster.
  std::function<void(const cluster_change&, respond)> change;
  /// Issues a token and puts that on record.
  std::function<result<std::string>(const token_request&)> issue_token;
  /// Whether the bearer is an operator: else unauthenticated, token_invalid,
  /// token_expired or forbidden.
  std::function<result<void>(std::string_view bearer)> authorize;
};

} // namespace iris::admin
