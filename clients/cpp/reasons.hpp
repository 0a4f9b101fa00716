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

/// A connection without TLS was closed before anything came: so does a port
/// that expects TLS.
inline constexpr std::string_view silent =
  "expected a greeting, found a port that closes at once, as one for TLS does";

/// bad_field: our position is behind the end of the inbox.
inline constexpr std::string_view beyond_end = "ready.head: expected at least";

} // namespace iris::client::reasons
