#pragma once

#include "edge/stream_wire.hpp"

/// WebSocket (RFC 6455) on Beast: one frame of the protocol is one binary
/// message. Beast stays in websocket_wire.cpp and exclusive_stream.hpp.
namespace iris::edge {

/// A wire that still has to be started.
struct unstarted {
  std::shared_ptr<actors::wire> wire;
  std::function<void(actors::connection_actor, std::size_t)> start;
};

unstarted make_websocket(io_thread& home, tcp_socket with,
                         const actors::environment& env,
                         closed_callback on_closed);

/// With TLS below; `context` outlives the wire.
unstarted make_secure_websocket(io_thread& home, tcp_socket with,
                                const actors::environment& env,
                                closed_callback on_closed, SSL_CTX* context);

} // namespace iris::edge
