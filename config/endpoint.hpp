#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace iris::config {

/// Where a listener binds: "127.0.0.1:7300", "[::1]:7300", "localhost:7300".
/// Port 0 lets the system choose one. Without a host the listener is off.
struct endpoint {
  /// A name or an IP address, without brackets.
  std::string host;
  std::uint16_t port = 0;

  bool operator==(const endpoint&) const = default;

  bool off() const noexcept { return host.empty(); }
  /// Only this machine can reach it: 127.0.0.0/8, ::1 or "localhost".
  bool loopback() const;
  /// All addresses of the machine: 0.0.0.0 or ::.
  bool wildcard() const;
  /// Whether both can't be bound at the same time, as far as text tells.
  bool clashes_with(const endpoint& other) const;

  /// "host:port"; "" when off.
  std::string str() const;
  /// Reads what `str` writes; nothing if it is neither.
  static std::optional<endpoint> parse(std::string_view text);
};

/// Whether `text` is a DNS name (RFC 1123, section 2.1: letters, digits and
/// inner hyphens, the last label not a number) or an IP address.
bool is_host(std::string_view text);

} // namespace iris::config
