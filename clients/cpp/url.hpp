#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace iris::client {

/// Where a node listens: tcp://host:port, tls://host:port,
/// ws://host:port/path or wss://host:port/path. IPv6 addresses stand in
/// brackets.
struct url {
  bool secure = false;    ///< tls, wss
  bool websocket = false; ///< ws, wss
  std::string host;       ///< without brackets
  std::string port;       ///< decimal
  std::string path = "/"; ///< of a WebSocket

  /// Fails with bad_field, naming what is allowed.
  static result<url> parse(std::string_view text);

  bool operator==(const url&) const = default;
};

} // namespace iris::client
