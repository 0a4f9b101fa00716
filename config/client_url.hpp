#pragma once

#include <cstddef>
#include <string_view>

namespace iris::config {

inline constexpr std::size_t client_urls_max = 4;
inline constexpr std::size_t client_url_bytes_max = 255;

/// Whether clients can go there from another machine: tcp://HOST:PORT,
/// tls://HOST:PORT, ws://HOST:PORT/PATH or wss://HOST:PORT/PATH, the path being
/// optional, at most client_url_bytes_max long. What this takes, the client
/// library takes, too.
bool is_client_url(std::string_view text);

} // namespace iris::config
