#pragma once

#include "clients/cpp/transport.hpp"

/// WebSocket (RFC 6455) on Beast: one frame of the protocol is one binary
/// message. Beast stays in websocket_transport.cpp.
namespace iris::client {

std::shared_ptr<transport>
connect_websocket(boost::asio::io_context& io, url where,
                  std::shared_ptr<const tls_context> tls, listener& to);

} // namespace iris::client
