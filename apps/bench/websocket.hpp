#pragma once

#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace iris::bench {

/// A client's side of WebSocket (RFC 6455), as little of it as a load
/// generator needs: each message is binary and in one frame. What is sent is
/// masked with zeros, since there is no proxy on the loopback to protect.
class websocket {
public:
  /// What a client says first.
  static std::string request(const std::string& host);

  /// Appends `message` to `out`, as a frame.
  static void wrap(std::string_view message, std::string& out);

  /// Takes the answer to the request off the front of what came. False: there
  /// is more to come. Fails with no_connection if the node refused.
  result<bool> upgraded(std::string_view& bytes);

  /// Calls `on_message(std::string_view)` for each message completed by
  /// `bytes`, until that returns false; the rest is then dropped. Fails with
  /// no_connection (the node closes), bad_frame or frame_too_large.
  template <class F>
  result<void> feed(std::string_view bytes, F&& on_message) {
    auto joined = std::exchange(partial_, {});
    if (!joined.empty())
      bytes = joined.append(bytes);
    for (;;) {
      auto message = next(bytes);
      if (!message)
        return message.failure();
      if (!*message) {
        partial_ = bytes;
        return {};
      }
      if (!on_message(**message))
        return {};
    }
  }

private:
  /// Takes a message off the front of `bytes`; none if it is not complete.
  static result<std::optional<std::string_view>> next(std::string_view& bytes);

  std::string partial_;
};

} // namespace iris::bench
