#pragma once

#include "tests/edge/stage.hpp"

#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>

namespace iris::edge::test {

/// A client's end of a WebSocket that keeps all it gets.
class websocket_end : public std::enable_shared_from_this<websocket_end> {
public:
  using stream = boost::beast::websocket::stream<tcp::socket>;
  using error_code = boost::system::error_code;

  explicit websocket_end(tcp::socket with) : stream_(std::move(with)) {
    stream_.binary(true);
    stream_.auto_fragment(false);
    stream_.control_callback(
      [this](boost::beast::websocket::frame_type kind, auto) {
        pongs += kind == boost::beast::websocket::frame_type::pong;
      });
  }

  /// Shakes hands, then reads until the end.
  void open();
  /// One frame of WebSocket; the last one of its message if `fin`.
  void send(std::string_view bytes, bool fin = true);
  /// Past Beast.
  void send_raw(std::string_view bytes) {
    stream_.next_layer().send(boost::asio::buffer(bytes));
  }
  void ping();
  void close();
  /// After `reading` was false.
  void read_on() {
    reading = true;
    read();
  }
  stream& lower() { return stream_; }

  std::vector<std::string> got;
  std::size_t pongs = 0;
  bool opened = false;
  bool reading = true;
  bool ended = false;
  /// Why the reading ended.
  error_code why;

private:
  void read();
  void write();

  stream stream_;
  boost::beast::flat_buffer buffer_;
  std::vector<std::pair<std::string, bool>> out_;
};

} // namespace iris::edge::test
