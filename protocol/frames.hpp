#pragma once

#include "base/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// The frames of protocol version 1, as docs/protocol.md describes them. Pure
/// data, shared by the node and its clients. A frame is one MessagePack map
/// whose key "t" names its type; the comments below give the other keys.
/// A request with `n` is answered by frames with the same `n`; a submission
/// (send, group_*) is answered by `sent` or `error` with the same `id`.
namespace iris::protocol {

/// What both sides may rely on. Checked before anything is allocated.
struct limits {
  static constexpr std::uint32_t frame_bytes_max = 256 * 1024;
  /// Of a client that has not got its `ready` yet.
  static constexpr std::uint32_t login_frame_bytes_max = 16 * 1024;
  static constexpr std::uint32_t body_bytes_max = 64 * 1024;
  static constexpr std::uint32_t token_bytes_max = 4096;
  static constexpr std::uint32_t text_bytes_max = 1024;
  static constexpr std::uint32_t title_bytes_max = 256;
  static constexpr std::uint32_t trace_bytes_max = 64;
  static constexpr std::uint32_t cap_bytes_max = 64;
  static constexpr std::uint32_t caps_max = 32;
  static constexpr std::uint32_t batch_max = 256;
  static constexpr std::uint32_t users_max = 1000;
  static constexpr std::uint32_t devices_max = 256;
  /// URLs in a goaway.
  static constexpr std::uint32_t nodes_max = 16;
  static constexpr std::uint32_t url_bytes_max = 255;
  static constexpr std::uint32_t items_max = 1024;
  static constexpr std::uint32_t page_max = 256;
  static constexpr std::uint32_t depth_max = 4;
  /// Keys of one map, unknown ones included.
  static constexpr std::uint32_t keys_max = 32;
  /// Values in one frame, keys and containers included. No frame made of
  /// known fields reaches it.
  static constexpr std::uint32_t values_max = frame_bytes_max / 2;
  /// Integers stay where every language holds them exactly (RFC 7493).
  static constexpr std::uint64_t integer_max = (1ULL << 53) - 1;
  /// Unacknowledged items a client may ask to be sent.
  static constexpr std::uint32_t window_max = 4096;
  /// Unanswered submissions and requests the node takes from a connection
  /// before it stops reading.
  static constexpr std::uint32_t in_flight_max = 1024;
};

inline constexpr std::uint32_t version_min = 1;
inline constexpr std::uint32_t version_max = 1;

// -- opening a connection -----------------------------------------------------

/// Client, first frame. min, max: versions it speaks; caps; agent.
struct hello {
  std::uint32_t min = version_min;
  std::uint32_t max = version_max;
  std::vector<std::string> caps = {};
  std::string agent = {};
  bool operator==(const hello&) const = default;
};

/// Node's answer. version, caps: what both speak; time_ms: the node's clock;
/// frame_max, in_flight_max: limits; heartbeat_ms: send a frame at least this
/// often.
struct welcome {
  std::uint32_t version = version_max;
  std::vector<std::string> caps = {};
  timestamp time_ms;
  std::uint32_t frame_max = limits::frame_bytes_max;
  std::uint32_t in_flight_max = limits::in_flight_max;
  std::uint32_t heartbeat_ms = 0;
  bool operator==(const welcome&) const = default;
};

/// Client. token, device. A token that names a device only fits that one.
struct auth {
  std::string token;
  device_id device;
  bool operator==(const auth&) const = default;
};

/// Node. user, device; cursor: the last offset this device acknowledged;
/// floor: the offset before the first entry still kept; head: the last.
struct ready {
  user_id user;
  device_id device;
  inbox_offset cursor;
  inbox_offset floor;
  inbox_offset head;
  bool operator==(const ready&) const = default;
};

// -- reading the inbox --------------------------------------------------------

/// Client. from: the last offset it has; window: how many items may be on
/// their way unacknowledged.
struct sync {
  inbox_offset from;
  std::uint32_t window = 256;
  bool operator==(const sync&) const = default;
};

enum class item_kind : std::uint8_t {
  message = 0,
  group_created = 1,
  members_added = 2,
  members_removed = 3,
  member_left = 4,
};

/// One entry of a conversation, the same bytes in its log, in inboxes and on
/// the wire. c: conversation, s: sequence, at: when it was sequenced, u:
/// sender, d: sender's device, id, k: kind (absent: message), b: body, to:
/// the other user of a 1:1 conversation (absent in groups), m: the members
/// that a change names, ti: title (group_created), tr: trace id.
struct item {
  conversation_id conversation;
  sequence seq;
  timestamp at;
  user_id from;
  device_id device;
  message_id id;
  item_kind kind = item_kind::message;
  std::string body = {};
  std::optional<user_id> to = {};
  std::vector<user_id> members = {};
  std::string title = {};
  std::string trace = {};
  bool operator==(const item&) const = default;
};

/// Node. first: offset of items[0], the others follow without gaps.
struct items {
  inbox_offset first;
  std::vector<item> list;
  bool operator==(const items&) const = default;
};

/// Node, once a sync: all that was in the inbox when the sync began has been
/// sent. head: that offset. What follows is live.
struct live {
  inbox_offset head;
  bool operator==(const live&) const = default;
};

/// Client. offset: this and all before need not be sent again. Cumulative.
struct ack {
  inbox_offset offset;
  bool operator==(const ack&) const = default;
};

// -- submissions --------------------------------------------------------------

/// Client. id; to: a user (1:1), or conv: a conversation, exactly one; body;
/// after: the id this one follows; trace: a W3C trace id.
struct send {
  message_id id;
  std::optional<user_id> to = {};
  std::optional<conversation_id> conversation = {};
  std::string body = {};
  std::optional<message_id> after = {};
  std::string trace = {};
  bool operator==(const send&) const = default;
};

/// Client. sends: up to limits::batch_max, each answered on its own.
struct batch {
  std::vector<send> sends;
  bool operator==(const batch&) const = default;
};

/// Client. id, title, members: besides the creator, who becomes the owner.
struct group_create {
  message_id id;
  std::string title = {};
  std::vector<user_id> members = {};
  bool operator==(const group_create&) const = default;
};

/// Client. id, conv, users.
struct group_add {
  message_id id;
  conversation_id conversation;
  std::vector<user_id> users;
  bool operator==(const group_add&) const = default;
};

/// Client. id, conv, users.
struct group_remove {
  message_id id;
  conversation_id conversation;
  std::vector<user_id> users;
  bool operator==(const group_remove&) const = default;
};

/// Client. id, conv.
struct group_leave {
  message_id id;
  conversation_id conversation;
  bool operator==(const group_leave&) const = default;
};

/// Node: the submission is durable. id, conv, seq, at; dup: it was already.
struct sent {
  message_id id;
  conversation_id conversation;
  sequence seq;
  timestamp at;
  bool duplicate = false;
  bool operator==(const sent&) const = default;
};

// -- requests -----------------------------------------------------------------

/// Client. n, conv, from: a sequence (inclusive), limit: up to
/// limits::page_max, back: towards older ones.
struct history {
  std::uint64_t n = 0;
  conversation_id conversation;
  sequence from;
  std::uint32_t limit = limits::page_max;
  bool back = false;
  bool operator==(const history&) const = default;
};

/// Node. n, conv, items: oldest first; head: the conversation's last sequence.
struct history_page {
  std::uint64_t n = 0;
  conversation_id conversation;
  std::vector<item> list;
  sequence head;
  bool operator==(const history_page&) const = default;
};

/// Client. n, users.
struct status {
  std::uint64_t n = 0;
  std::vector<user_id> users;
  bool operator==(const status&) const = default;
};

/// user, online, seen: when a device was last connected, 0 for never.
struct user_status {
  user_id user;
  bool online = false;
  timestamp seen = {};
  bool operator==(const user_status&) const = default;
};

/// Node. n, users: in the order asked.
struct statuses {
  std::uint64_t n = 0;
  std::vector<user_status> users;
  bool operator==(const statuses&) const = default;
};

/// Client: the user's conversations. n, after: continue behind this one
/// (absent: from the start), limit.
struct conversations {
  std::uint64_t n = 0;
  std::optional<conversation_id> after = {};
  std::uint32_t limit = limits::page_max;
  bool operator==(const conversations&) const = default;
};

/// conv, seq: the last sequence in the user's inbox.
struct conversation_summary {
  conversation_id conversation;
  sequence seq;
  bool operator==(const conversation_summary&) const = default;
};

/// Node. n, list, more: ask again with `after`.
struct conversation_list {
  std::uint64_t n = 0;
  std::vector<conversation_summary> list;
  bool more = false;
  bool operator==(const conversation_list&) const = default;
};

/// Client: who is in a conversation. n, conv.
struct roster {
  std::uint64_t n = 0;
  conversation_id conversation;
  bool operator==(const roster&) const = default;
};

enum class role : std::uint8_t { member = 0, admin = 1, owner = 2 };

/// user, role, since: the first sequence this member sees.
struct member {
  user_id user;
  protocol::role role = role::member;
  sequence since;
  bool operator==(const member&) const = default;
};

/// Node. n, conv, title, members, head.
struct members {
  std::uint64_t n = 0;
  conversation_id conversation;
  std::string title = {};
  std::vector<member> list;
  sequence head;
  bool operator==(const members&) const = default;
};

/// Client: the user's own devices. n.
struct devices {
  std::uint64_t n = 0;
  bool operator==(const devices&) const = default;
};

/// device, cursor, online, seen.
struct device {
  device_id name;
  inbox_offset cursor;
  bool online = false;
  timestamp seen = {};
  bool operator==(const device&) const = default;
};

/// Node. n, devices.
struct device_list {
  std::uint64_t n = 0;
  std::vector<device> list;
  bool operator==(const device_list&) const = default;
};

/// Client. n, device: cut off at once, its cursor forgotten.
struct device_remove {
  std::uint64_t n = 0;
  device_id name;
  bool operator==(const device_remove&) const = default;
};

/// Node: the request `n` was carried out, and is durable.
struct done {
  std::uint64_t n = 0;
  bool operator==(const done&) const = default;
};

// -- either way, at any time --------------------------------------------------

/// Either side. n: comes back in the pong.
struct ping {
  std::uint64_t n = 0;
  bool operator==(const ping&) const = default;
};

struct pong {
  std::uint64_t n = 0;
  bool operator==(const pong&) const = default;
};

/// Node. code, name, text: what was expected; retry_after_ms (absent: not
/// retryable or no hint); id or n: of what failed; fatal: the connection is
/// closed behind it.
struct failed {
  errc code = errc::none;
  std::string text = {};
  std::uint32_t retry_after_ms = 0;
  std::optional<message_id> id = {};
  std::optional<std::uint64_t> n = {};
  bool fatal = false;
  bool operator==(const failed&) const = default;
};

/// Node: it stops. Connect again, elsewhere if you can; here after
/// retry_after_ms. nodes: URLs of others, tcp://host:port, tls://host:port,
/// ws://host:port/path or wss://host:port/path.
struct goaway {
  std::string reason = {};
  std::uint32_t retry_after_ms = 0;
  std::vector<std::string> nodes = {};
  bool operator==(const goaway&) const = default;
};

// -- any frame ----------------------------------------------------------------

using client_frame =
  std::variant<hello, auth, sync, ack, send, batch, group_create, group_add,
               group_remove, group_leave, history, status, conversations,
               roster, devices, device_remove, ping, pong>;

using server_frame =
  std::variant<welcome, ready, items, live, sent, history_page, statuses,
               conversation_list, members, device_list, done, failed, goaway,
               ping, pong>;

} // namespace iris::protocol
