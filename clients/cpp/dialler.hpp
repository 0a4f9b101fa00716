#pragma once

#include "base/error.hpp"
#include "clients/cpp/url.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <utility>

namespace iris::client {

inline error network_error(const boost::system::error_code& what) {
  return {errc::no_connection, "expected a connection: " + what.message()};
}

/// Resolves `where` and connects `socket`; then calls `done(error_code)`, not
/// before this returns. The socket lives until then: `done` keeps it.
/// Closing it cancels.
template <class F>
void dial(boost::asio::ip::tcp::socket& socket, const url& where, F done) {
  namespace asio = boost::asio;
  using asio::ip::tcp;
  using boost::system::error_code;
  auto connected = [&socket, done](error_code failed, const tcp::endpoint&) {
    error_code ignored;
    if (!failed) {
      socket.set_option(tcp::no_delay(true), ignored);
      socket.non_blocking(true, ignored);
    }
    done(failed);
  };
  error_code no_address;
  auto address = asio::ip::make_address(where.host, no_address);
  // Resolving would start a thread.
  if (!no_address) {
    tcp::endpoint to{address,
                     static_cast<std::uint16_t>(std::stoul(where.port))};
    return asio::async_connect(
      socket, tcp::resolver::results_type::create(to, where.host, where.port),
      connected);
  }
  auto resolver = std::make_shared<tcp::resolver>(socket.get_executor());
  resolver->async_resolve(
    where.host, where.port,
    [&socket, resolver, done, connected](error_code failed, const auto& found) {
      if (failed)
        done(failed);
      else
        asio::async_connect(socket, found, connected);
    });
}

} // namespace iris::client
