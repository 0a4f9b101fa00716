#pragma once

#include "base/ids.hpp"
#include "protocol/frames.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace iris::client {

struct options {
  /// Where nodes listen: tcp://host:port, tls://…, ws://…, wss://…. At least
  /// one; a client begins with any of them and goes on to the next when one
  /// fails. Waits grow when none can be reached. Nodes that let the client go
  /// may tell it of others: see class endpoints for which it believes.
  std::vector<std::string> endpoints;
  device_id device;
  /// Asked before each authentication: tokens are short-lived.
  std::function<std::string()> token;
  std::string agent = "iris-cpp";

  /// The last offset that the user has processed. Empty: the last one that
  /// this device acknowledged to the node.
  std::optional<inbox_offset> position = inbox_offset{0};
  /// Items that the node may send ahead of our acknowledgements.
  std::uint32_t inbox_window = 256;
  /// Acknowledge what was delivered; otherwise the user calls ack().
  bool auto_ack = true;

  /// Unanswered submissions and requests on a connection; the node may say
  /// less.
  std::uint32_t in_flight_max = 256;
  /// Unanswered submissions in all. More are refused with `overloaded`.
  std::size_t queued_max = 10'000;
  std::size_t queued_bytes_max = 8 * 1024 * 1024;
  /// Unanswered requests in all.
  std::size_t requests_max = 256;

  /// To be connected, transport's handshake included.
  std::chrono::milliseconds connect_timeout = std::chrono::seconds{10};
  /// For each answer until the connection is open.
  std::chrono::milliseconds handshake_timeout = std::chrono::seconds{10};
  /// A node that leaves something unanswered for longer is given up.
  std::chrono::milliseconds answer_timeout = std::chrono::seconds{30};
  /// A stopping node's answers are waited for no longer than this.
  std::chrono::milliseconds drain_timeout = std::chrono::seconds{5};
  std::chrono::milliseconds backoff_base{100};
  std::chrono::milliseconds backoff_max = std::chrono::seconds{10};
};

} // namespace iris::client
