#pragma once

#include "actors/connection.hpp"
#include "edge/io_thread.hpp"
#include "edge/output_buffer.hpp"
#include "edge/peer.hpp"
#include "net/byte_stream.hpp"
#include "protocol/framer.hpp"

#include <memory>
#include <string>

namespace iris::edge {

/// What a transport tells whoever accepted it, when it is gone.
using closed_callback = std::function<void()>;

/// Frames over TCP or TLS for one connection. Everything runs on its
/// io_thread. Holds its connection's actor until the socket is closed, and
/// the actor holds it; closing breaks the cycle.
template <class Stream>
class stream_wire final
  : public actors::wire,
    public std::enable_shared_from_this<stream_wire<Stream>> {
public:
  using socket = tcp_socket;

  template <class... Ts>
  stream_wire(io_thread& home, socket with, const actors::environment& env,
              closed_callback on_closed, Ts&&... stream_arguments);

  /// Takes the handshake if there is one, then reads.
  void start(actors::connection_actor owner, std::size_t output_bytes_max);

  void send(std::string_view frame) override;
  void resume() override;
  void logged_in() override {
    framer_.set_frame_max(protocol::limits::frame_bytes_max);
  }
  std::size_t queued() const override { return out_.size(); }
  std::string peer() const override { return peer_of(socket_); }
  void close() override;

  /// For the farewell: bytes that the client has not got yet.
  std::size_t left();
  void shut();

private:
  using error_code = boost::system::error_code;
  using wait_type = socket::wait_type;

  template <class F>
  void wait(wait_type what, F then);
  void handshake();
  void read();
  bool take(std::string_view bytes);
  void flush();
  void end_output();

  io_thread& home_;
  socket socket_;
  Stream stream_;
  const actors::environment& env_;
  closed_callback on_closed_;
  actors::connection_actor owner_;
  std::size_t output_bytes_max_ = 0;
  protocol::framer framer_{protocol::limits::login_frame_bytes_max};
  actors::inbound inbound_;
  output_buffer out_;
  bool open_ = false; ///< the handshake is done
  bool flush_scheduled_ = false;
  bool congested_ = false; ///< the owner has to be told when all is gone
  bool closing_ = false;   ///< shut when all is gone
};

extern template class stream_wire<net::plain_stream>;
extern template class stream_wire<net::tls_stream>;

} // namespace iris::edge
