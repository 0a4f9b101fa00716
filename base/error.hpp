#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace iris {

/// Every error of the product. Clients see the numbers, so a number is never
/// changed or used again; docs/protocol.md lists those that leave the node.
enum class errc : std::uint16_t {
  none = 0,
  // 1xx: the frame or the order of frames is wrong.
  bad_frame = 100,           ///< not a frame; the connection is closed
  frame_too_large = 101,     ///< longer than the negotiated limit
  bad_field = 102,           ///< a field is missing, mistyped or over its limit
  unknown_type = 103,        ///< no such frame type in this version
  illegal_state = 104,       ///< not allowed in this state of the connection
  version_unsupported = 105, ///< no version in common
  timed_out = 106,           ///< the peer was silent for too long
  window_exceeded = 107,     ///< more unanswered requests than agreed
  // 2xx: who are you, and may you.
  unauthenticated = 200,
  token_invalid = 201,
  token_expired = 202,
  forbidden = 203,
  too_many_devices = 204,
  device_removed = 205,
  too_many_connections = 206,
  replaced = 207, ///< the same device connected again elsewhere
  // 3xx: the request itself; a retry gets the same answer.
  id_reused = 300,    ///< same id, other content
  id_too_old = 301,   ///< id's own time is before the idempotency window
  id_in_future = 302, ///< id's own time is ahead of any tolerated clock skew
  out_of_order = 303, ///< the message named by `after` is not committed
  not_a_member = 304,
  body_too_large = 306,
  too_many_members = 307,
  not_found = 308,
  already_exists = 309,
  // 4xx: nothing is wrong with the request; try again after a while.
  overloaded = 400,
  rate_limited = 401,
  not_leader = 402,
  unavailable = 403,
  storage_full = 404,
  draining = 405,
  deadline_exceeded = 406,
  // 5xx: the node or its store.
  internal = 500,
  io_failed = 501,
  corrupt = 502,
  store_foreign = 503, ///< another cluster's, node's or product's store
  store_newer = 504,   ///< written by a later version
  store_missing = 505,
  store_locked = 506,
  // 6xx: the command line and the configuration.
  config_invalid = 600,
  usage = 601,
  no_connection = 602,
};

/// The stable name of a code, e.g. "id_too_old". Any thread.
std::string_view to_string(errc code) noexcept;

/// Whether the same request may succeed later without being changed.
constexpr bool retryable(errc code) noexcept {
  return static_cast<unsigned>(code) / 100 == 4;
}

/// What went wrong, and a sentence that says what was expected. The sentence
/// never holds a secret or a message body.
struct [[nodiscard]] error {
  errc code = errc::none;
  std::string context;
  /// A hint for retryable errors; 0 leaves the delay to the client.
  std::uint32_t retry_after_ms = 0;

  explicit operator bool() const noexcept { return code != errc::none; }
  bool operator==(const error&) const = default;
};

/// "id_too_old (301): the id is 9 days old, expected at most 7 days".
std::string to_string(const error& what);

} // namespace iris
