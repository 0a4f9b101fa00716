#pragma once

#include "protocol/kinds.hpp"

#include <span>
#include <type_traits>

/// The table of the protocol: per frame its type's name, and per field its
/// key, its member, whether it must be there, and what it may be. Reader and
/// writer walk the same lines, in the order in which they are written.
namespace iris::protocol::wire {

/// T or const T: readers come with the one, writers with the other.
template <class X, class T>
concept as = std::same_as<std::remove_const_t<X>, T>;

/// Lists of items that are encoded already, for the writer.
using encoded_list = std::span<const std::string_view>;

struct encoded_items {
  inbox_offset first;
  encoded_list list;
};

struct encoded_page {
  const history_page& page;
  encoded_list list;
};

/// What key "t" says.
template <class T>
inline constexpr std::string_view type_of = {};

/// Positions begin at 1.
inline constexpr integer position{1, limits::integer_max};

/// For n bytes or milliseconds.
inline constexpr integer amount{0, std::numeric_limits<std::uint32_t>::max()};

// -- opening a connection -----------------------------------------------------

inline constexpr list<text> caps_kind{0, limits::caps_max,
                                      text{limits::cap_bytes_max, 1}};

template <>
inline constexpr std::string_view type_of<hello> = "hello";
void fields(auto& v, as<hello> auto& x) {
  v.required("min", x.min, integer{1, amount.max});
  v.required("max", x.max, integer{1, amount.max});
  v.optional("caps", x.caps, caps_kind);
  v.optional("agent", x.agent, text{limits::text_bytes_max});
  v.ensure(x.min <= x.max, "max", "at least min", "less");
}

template <>
inline constexpr std::string_view type_of<welcome> = "welcome";
void fields(auto& v, as<welcome> auto& x) {
  v.required("version", x.version, integer{1, amount.max});
  v.optional("caps", x.caps, caps_kind);
  v.required("time_ms", x.time_ms);
  v.required("frame_max", x.frame_max, amount);
  v.required("in_flight_max", x.in_flight_max, amount);
  v.required("heartbeat_ms", x.heartbeat_ms, amount);
}

template <>
inline constexpr std::string_view type_of<auth> = "auth";
void fields(auto& v, as<auth> auto& x) {
  v.required("token", x.token, text{limits::token_bytes_max, 1});
  v.required("device", x.device);
}

template <>
inline constexpr std::string_view type_of<ready> = "ready";
void fields(auto& v, as<ready> auto& x) {
  v.required("user", x.user);
  v.required("device", x.device);
  v.required("cursor", x.cursor);
  v.required("floor", x.floor);
  v.required("head", x.head);
}

// -- reading the inbox --------------------------------------------------------

template <>
inline constexpr std::string_view type_of<sync> = "sync";
void fields(auto& v, as<sync> auto& x) {
  v.required("from", x.from);
  v.optional("window", x.window, integer{1, limits::window_max}, sync{}.window);
}

void fields(auto& v, as<item> auto& x) {
  v.required("c", x.conversation);
  v.required("s", x.seq, position);
  v.required("at", x.at);
  v.required("u", x.from);
  v.required("d", x.device);
  v.required("id", x.id);
  v.optional("k", x.kind);
  v.optional("b", x.body, body{});
  v.optional("to", x.to);
  v.optional("m", x.members, distinct_names{0});
  v.optional("ti", x.title, text{limits::title_bytes_max});
  v.optional("tr", x.trace, text{limits::trace_bytes_max});
}

void items_fields(auto& v, auto& first, auto& items) {
  v.required("first", first, position);
  v.required("items", items, list<record>{0, limits::items_max});
}

template <>
inline constexpr std::string_view type_of<items> = "items";
void fields(auto& v, as<items> auto& x) {
  items_fields(v, x.first, x.list);
}
template <>
inline constexpr std::string_view type_of<encoded_items> = type_of<items>;
void fields(auto& v, as<encoded_items> auto& x) {
  items_fields(v, x.first, x.list);
}

template <>
inline constexpr std::string_view type_of<live> = "live";
void fields(auto& v, as<live> auto& x) {
  v.required("head", x.head);
}

template <>
inline constexpr std::string_view type_of<ack> = "ack";
void fields(auto& v, as<ack> auto& x) {
  v.required("offset", x.offset);
}

// -- submissions --------------------------------------------------------------

template <>
inline constexpr std::string_view type_of<send> = "send";
void fields(auto& v, as<send> auto& x) {
  v.required("id", x.id);
  v.optional("to", x.to);
  v.optional("conv", x.conversation);
  v.required("body", x.body, body{});
  v.optional("after", x.after);
  v.optional("trace", x.trace, text{limits::trace_bytes_max});
  v.ensure(x.to || x.conversation, {}, "to or conv", "neither");
  v.ensure(!x.to || !x.conversation, {}, "to or conv", "both");
}

template <>
inline constexpr std::string_view type_of<batch> = "batch";
void fields(auto& v, as<batch> auto& x) {
  v.required("sends", x.sends, list<record>{1, limits::batch_max});
}

template <>
inline constexpr std::string_view type_of<group_create> = "group_create";
void fields(auto& v, as<group_create> auto& x) {
  v.required("id", x.id);
  v.optional("title", x.title, text{limits::title_bytes_max});
  v.optional("members", x.members, distinct_names{0});
}

template <>
inline constexpr std::string_view type_of<group_add> = "group_add";
void fields(auto& v, as<group_add> auto& x) {
  v.required("id", x.id);
  v.required("conv", x.conversation);
  v.required("users", x.users, distinct_names{1});
}

template <>
inline constexpr std::string_view type_of<group_remove> = "group_remove";
void fields(auto& v, as<group_remove> auto& x) {
  v.required("id", x.id);
  v.required("conv", x.conversation);
  v.required("users", x.users, distinct_names{1});
}

template <>
inline constexpr std::string_view type_of<group_leave> = "group_leave";
void fields(auto& v, as<group_leave> auto& x) {
  v.required("id", x.id);
  v.required("conv", x.conversation);
}

template <>
inline constexpr std::string_view type_of<sent> = "sent";
void fields(auto& v, as<sent> auto& x) {
  v.required("id", x.id);
  v.required("conv", x.conversation);
  v.required("seq", x.seq, position);
  v.required("at", x.at);
  v.optional("dup", x.duplicate);
}

// -- requests -----------------------------------------------------------------

inline constexpr integer page_size{1, limits::page_max};

template <>
inline constexpr std::string_view type_of<history> = "history";
void fields(auto& v, as<history> auto& x) {
  v.required("n", x.n);
  v.required("conv", x.conversation);
  v.required("from", x.from);
  v.optional("limit", x.limit, page_size, history{}.limit);
  v.optional("back", x.back);
}

void page_fields(auto& v, auto& page, auto& items) {
  v.required("n", page.n);
  v.required("conv", page.conversation);
  v.required("items", items, list<record>{0, limits::page_max});
  v.required("head", page.head);
}

template <>
inline constexpr std::string_view type_of<history_page> = "history_page";
void fields(auto& v, as<history_page> auto& x) {
  page_fields(v, x, x.list);
}
template <>
inline constexpr std::string_view type_of<encoded_page> = type_of<history_page>;
void fields(auto& v, as<encoded_page> auto& x) {
  page_fields(v, x.page, x.list);
}

template <>
inline constexpr std::string_view type_of<status> = "status";
void fields(auto& v, as<status> auto& x) {
  v.required("n", x.n);
  v.required("users", x.users, distinct_names{1});
}

void fields(auto& v, as<user_status> auto& x) {
  v.required("user", x.user);
  v.optional("online", x.online);
  v.optional("seen", x.seen);
}

template <>
inline constexpr std::string_view type_of<statuses> = "statuses";
void fields(auto& v, as<statuses> auto& x) {
  v.required("n", x.n);
  v.required("users", x.users, list<record>{0, limits::users_max});
}

template <>
inline constexpr std::string_view type_of<conversations> = "conversations";
void fields(auto& v, as<conversations> auto& x) {
  v.required("n", x.n);
  v.optional("after", x.after);
  v.optional("limit", x.limit, page_size, conversations{}.limit);
}

void fields(auto& v, as<conversation_summary> auto& x) {
  v.required("conv", x.conversation);
  v.required("seq", x.seq);
}

template <>
inline constexpr std::string_view type_of<conversation_list> =
  "conversation_list";
void fields(auto& v, as<conversation_list> auto& x) {
  v.required("n", x.n);
  v.required("list", x.list, list<record>{0, limits::page_max});
  v.optional("more", x.more);
}

template <>
inline constexpr std::string_view type_of<roster> = "roster";
void fields(auto& v, as<roster> auto& x) {
  v.required("n", x.n);
  v.required("conv", x.conversation);
}

void fields(auto& v, as<member> auto& x) {
  v.required("user", x.user);
  v.optional("role", x.role);
  v.required("since", x.since);
}

template <>
inline constexpr std::string_view type_of<members> = "members";
void fields(auto& v, as<members> auto& x) {
  v.required("n", x.n);
  v.required("conv", x.conversation);
  v.optional("title", x.title, text{limits::title_bytes_max});
  v.required("members", x.list, list<record>{0, limits::users_max});
  v.required("head", x.head);
}

template <>
inline constexpr std::string_view type_of<devices> = "devices";
void fields(auto& v, as<devices> auto& x) {
  v.required("n", x.n);
}

void fields(auto& v, as<device> auto& x) {
  v.required("device", x.name);
  v.required("cursor", x.cursor);
  v.optional("online", x.online);
  v.optional("seen", x.seen);
}

template <>
inline constexpr std::string_view type_of<device_list> = "device_list";
void fields(auto& v, as<device_list> auto& x) {
  v.required("n", x.n);
  v.required("devices", x.list, list<record>{0, limits::devices_max});
}

template <>
inline constexpr std::string_view type_of<device_remove> = "device_remove";
void fields(auto& v, as<device_remove> auto& x) {
  v.required("n", x.n);
  v.required("device", x.name);
}

template <>
inline constexpr std::string_view type_of<done> = "done";
void fields(auto& v, as<done> auto& x) {
  v.required("n", x.n);
}

// -- either way, at any time --------------------------------------------------

template <>
inline constexpr std::string_view type_of<ping> = "ping";
void fields(auto& v, as<ping> auto& x) {
  v.required("n", x.n);
}

template <>
inline constexpr std::string_view type_of<pong> = "pong";
void fields(auto& v, as<pong> auto& x) {
  v.required("n", x.n);
}

template <>
inline constexpr std::string_view type_of<failed> = "error";
void fields(auto& v, as<failed> auto& x) {
  v.required("code", x.code, integer{1, 0xffff});
  v.remark("name", to_string(x.code));
  v.optional("text", x.text, text{limits::text_bytes_max});
  v.optional("retry_after_ms", x.retry_after_ms, amount);
  v.optional("id", x.id);
  v.optional("n", x.n);
  v.optional("fatal", x.fatal);
}

inline constexpr list<text> nodes_kind{0, limits::nodes_max,
                                       text{limits::url_bytes_max, 1}};

template <>
inline constexpr std::string_view type_of<goaway> = "goaway";
void fields(auto& v, as<goaway> auto& x) {
  v.optional("reason", x.reason, text{limits::text_bytes_max});
  v.optional("retry_after_ms", x.retry_after_ms, amount);
  v.optional("nodes", x.nodes, nodes_kind);
}

} // namespace iris::protocol::wire
