#pragma once

#include "protocol/frames.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace iris::client {

/// A connection at the server's end.
class peer {
public:
  virtual ~peer() = default;

  /// Bytes as they are: with a length on streams, a message on WebSockets.
  virtual void send_bytes(std::string bytes, bool text = false) = 0;
  virtual void send(const protocol::server_frame& frame) = 0;
  virtual void close() = 0;
  /// Closes without reading what is on its way: the other end can write no
  /// more, and learns it when it does.
  virtual void cut() = 0;

  std::size_t reads = 0; ///< how often bytes came
  std::vector<protocol::client_frame> frames;
};

/// Accepts connections and lets a function answer their frames.
class frame_server {
public:
  using answer = std::function<void(peer&, const protocol::client_frame&)>;

  /// `scheme` is that of the URL; `tls` is needed for tls and wss.
  frame_server(boost::asio::io_context& io, std::string scheme, answer with,
               SSL_CTX* tls = nullptr);

  std::string url(const std::string& host = "127.0.0.1") const;

  /// Of each connection, whether it still is or not.
  std::vector<std::shared_ptr<peer>> peers;

private:
  void accept();

  std::string scheme_;
  answer answer_;
  SSL_CTX* tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
};

/// Lets everybody in as alice, takes every send, and delivers it to the
/// sender.
void friendly_node(peer& to, const protocol::client_frame& frame);

} // namespace iris::client
