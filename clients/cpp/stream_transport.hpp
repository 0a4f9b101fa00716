#pragma once

#include "clients/cpp/tls.hpp"
#include "clients/cpp/transport.hpp"
#include "net/byte_stream.hpp"
#include "protocol/framer.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <optional>

namespace iris::client {

/// Frames over TCP or TLS.
template <class Stream>
class stream_transport final
  : public transport,
    public std::enable_shared_from_this<stream_transport<Stream>> {
public:
  stream_transport(boost::asio::io_context& io, url where,
                   std::shared_ptr<const tls_context> tls, listener& to);

  void start();
  void send(const protocol::client_frame& frame) override;
  void close() override;

private:
  using socket = boost::asio::ip::tcp::socket;

  template <class F>
  void wait(socket::wait_type what, F then);
  template <class F>
  void wait_for(net::io_status what, F then);
  void attach();
  void handshake();
  void read();
  void take(std::string_view bytes);
  void flush();
  /// Writes what goes without waiting; how far it came.
  net::io_status write();
  /// Why the handshake failed.
  error failure();
  /// What it means that the node closed the connection.
  error closed() const;
  void fail(error reason);

  const url where_;
  const std::shared_ptr<const tls_context> tls_;
  listener* listener_; ///< null once closed
  socket socket_;
  std::optional<Stream> stream_;
  protocol::framer framer_;
  std::string out_;
  std::size_t written_ = 0;
  bool flush_scheduled_ = false;
  bool heard_ = false; ///< something came
  /// The node takes no more: what it said before may tell why, and is read.
  bool deaf_ = false;
};

extern template class stream_transport<net::plain_stream>;
extern template class stream_transport<net::tls_stream>;

} // namespace iris::client
