#include "clients/cpp/transport.hpp"

#include "base/assert.hpp"
#include "clients/cpp/stream_transport.hpp"
#include "clients/cpp/websocket_transport.hpp"

namespace iris::client {

namespace {

template <class Stream>
std::shared_ptr<transport>
connect_stream(boost::asio::io_context& io, const url& where,
               std::shared_ptr<const tls_context> tls, listener& to) {
  auto out =
    std::make_shared<stream_transport<Stream>>(io, where, std::move(tls), to);
  out->start();
  return out;
}

} // namespace

std::shared_ptr<transport> connect(boost::asio::io_context& io,
                                   const url& where,
                                   std::shared_ptr<const tls_context> tls,
                                   listener& to) {
  IRIS_ASSERT(tls || !where.secure);
  if (where.websocket)
    return connect_websocket(io, where, std::move(tls), to);
  if (where.secure)
    return connect_stream<net::tls_stream>(io, where, std::move(tls), to);
  return connect_stream<net::plain_stream>(io, where, std::move(tls), to);
}

} // namespace iris::client
