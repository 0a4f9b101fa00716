#pragma once

#include "base/error.hpp"
#include "clients/cpp/tls.hpp"
#include "clients/cpp/url.hpp"
#include "protocol/frames.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string_view>

namespace iris::client {

/// Who hears of a connection. Calls come from the io_context.
class listener {
public:
  virtual ~listener() = default;

  virtual void link_up() = 0;
  /// One frame, without the length before it.
  virtual void receive(std::string_view frame) = 0;
  /// All frames that came together were received.
  virtual void received_all() = 0;
  /// The last call. no_connection, or why bytes can't be frames.
  virtual void link_down(error reason) = 0;
};

/// One connection to a node. Runs on its io_context, in one thread.
class transport {
public:
  virtual ~transport() = default;

  /// Frames of one turn go out together. Precondition: the link is up.
  virtual void send(const protocol::client_frame& frame) = 0;

  /// Sends what can be sent without waiting, then closes. The listener hears
  /// nothing any more.
  virtual void close() = 0;
};

/// Begins to connect. `to` hears of it, not before this returns, and outlives
/// the transport or closes it. Precondition: `tls` if the URL is secure.
std::shared_ptr<transport> connect(boost::asio::io_context& io,
                                   const url& where,
                                   std::shared_ptr<const tls_context> tls,
                                   listener& to);

} // namespace iris::client
