#pragma once

#include "base/error.hpp"
#include "protocol/frames.hpp"

#include <chrono>
#include <string>
#include <variant>

/// What a client tells its user. Events of the protocol's own kind are the
/// frames themselves.
namespace iris::client {

/// The node knows us; what was queued goes out now. head: the inbox's last
/// offset.
struct connected {
  user_id user;
  inbox_offset head;
  std::string endpoint;
  bool operator==(const connected&) const = default;
};

/// The connection, or the attempt at one, ended. Sends are kept.
/// others_left: the next attempt is at an endpoint that was not tried since.
struct disconnected {
  error reason;
  std::chrono::nanoseconds retry_in{0};
  std::string endpoint;
  bool others_left = false;
  bool operator==(const disconnected&) const = default;
};

/// The next entry of the inbox: each offset once, in order.
struct message {
  inbox_offset offset;
  protocol::item item;
  bool operator==(const message&) const = default;
};

/// The node no longer keeps these offsets (inclusive). Reading goes on behind
/// them; conversations have the messages for as long as retention says.
struct skipped {
  inbox_offset first;
  inbox_offset last;
  bool operator==(const skipped&) const = default;
};

/// The node can't take a submission now. It is sent again by itself, and what
/// is behind it in its conversation waits.
struct delayed {
  message_id id;
  error why;
  std::chrono::nanoseconds retry_in{0};
  bool operator==(const delayed&) const = default;
};

/// A submission was refused for good. Those behind it go on.
struct failed {
  message_id id;
  error why;
  bool operator==(const failed&) const = default;
};

/// A request has no answer: refused, or none came in time.
struct refused {
  std::uint64_t n = 0;
  error why;
  bool operator==(const refused&) const = default;
};

/// The node broke the protocol. `disconnected` follows.
struct protocol_error {
  error what;
  bool operator==(const protocol_error&) const = default;
};

/// Connecting again would not help: a new token, another device or a new
/// version of the program is needed. Nothing happens until start().
struct stopped {
  error reason;
  bool operator==(const stopped&) const = default;
};

/// protocol::live: all that was in the inbox when the connection began has
/// been delivered. protocol::sent: a submission is durable. The others up to
/// `done` answer the request of the same `n`.
using event =
  std::variant<connected, disconnected, message, skipped, protocol::live,
               protocol::sent, delayed, failed, protocol::history_page,
               protocol::statuses, protocol::conversation_list,
               protocol::members, protocol::device_list, protocol::done,
               refused, protocol_error, stopped>;

} // namespace iris::client
