#pragma once

#include "protocol/codec.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <string>

#include <sys/socket.h>
#include <sys/time.h>

namespace iris::test {

/// Connects to a node of this machine, says hello, and waits for the answer.
struct visitor {
  using tcp = boost::asio::ip::tcp;

  explicit visitor(std::uint16_t port) : socket(io) {
    socket.connect({boost::asio::ip::address_v4::loopback(), port});
    timeval patience{30, 0};
    setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience,
               sizeof patience);
    std::string hello;
    protocol::encode_framed(protocol::client_frame{protocol::hello{}}, hello);
    boost::asio::write(socket, boost::asio::buffer(hello));
    std::array<unsigned char, 4> length{};
    boost::asio::read(socket, boost::asio::buffer(length));
    std::string bytes(length[2] * 256U + length[3], '\0');
    boost::asio::read(socket, boost::asio::buffer(bytes));
    answer = *protocol::decode_server(bytes);
  }

  std::string said() const {
    if (auto* x = std::get_if<protocol::failed>(&answer))
      return std::string{to_string(x->code)};
    return std::string{protocol::type_name(answer)};
  }

  boost::asio::io_context io;
  tcp::socket socket;
  protocol::server_frame answer;
};

} // namespace iris::test
