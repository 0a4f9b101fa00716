#pragma once

#include <string_view>

/// What the context of some errors begins with, for programs that tell their
/// users more than the code does. With no_connection, unless said otherwise.
namespace iris::client::reasons {

/// The peer speaks TLS, and we don't trust it.
inline constexpr std::string_view untrusted =
  "expected a certificate of the host that we trust";

/// The answer to our first TLS message was none of TLS, or the end.
inline constexpr std::string_view not_tls =
  "expected TLS, found a port that does not speak it";

/// The connection was closed before anything came, as by a port that expects
/// TLS, if there was none, or WebSocket, if there was none.
inline constexpr std::string_view silent =
  "expected a greeting, found a port that closes at once";

/// Frames were expected; what came begins an answer in HTTP.
inline constexpr std::string_view web_server =
  "expected a port for clients, found one that answers in HTTP as a web server";

/// A WebSocket was expected, and declined in HTTP; its status stands behind.
inline constexpr std::string_view declined =
  "expected a WebSocket, found an answer in HTTP with status ";

/// A WebSocket was expected; what came is no HTTP.
inline constexpr std::string_view not_websocket =
  "expected a WebSocket, found a port that does not answer in HTTP";

/// bad_field: our position is behind the end of the inbox.
inline constexpr std::string_view beyond_end = "ready.head: expected at least";

} // namespace iris::client::reasons
