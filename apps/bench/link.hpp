#pragma once

#include "apps/bench/reactor.hpp"
#include "apps/bench/websocket.hpp"
#include "protocol/codec.hpp"
#include "protocol/framer.hpp"
#include "security/tls.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <optional>
#include <string>

namespace iris::bench {

/// Where the node listens.
struct target {
  boost::asio::ip::tcp::endpoint address;
  /// Whose certificate is expected.
  std::string host;
  /// Empty: plain TCP.
  std::shared_ptr<SSL_CTX> tls;
  /// WebSocket above that.
  bool websocket = false;
};

/// A connection to a node: the least that carries frames. On the reactor's
/// thread. Kept alive by its own waits until it is closed.
class link : public flushable, public std::enable_shared_from_this<link> {
public:
  /// Told of what happens; outlives the link or calls close().
  class user {
  public:
    virtual ~user() = default;
    virtual void opened() = 0;
    virtual void received(protocol::server_frame frame) = 0;
    /// All that one read brought has been received.
    virtual void burst_ended() = 0;
    /// Not after close().
    virtual void closed(const error& why) = 0;
  };

  link(reactor& on, user& tell) : reactor_(on), user_(&tell), socket_(on.io()) {
    // nop
  }

  void open(const target& to);
  /// Precondition: opened.
  void send(const protocol::client_frame& frame);
  void close();

  void flush() override;

private:
  using wait_type = boost::asio::ip::tcp::socket::wait_type;

  void connected(const target& to);
  void shake_hands();
  void begin();
  void await(wait_type what, void (link::*then)());
  void read();
  void take(std::string_view bytes);
  bool take_frame(std::string_view frame);
  void send_later();
  void fail_closed();
  void fail(errc code, const std::string& why);
  /// Bytes moved, 0 if it would block, -1 if the connection is gone.
  long read_some();
  long write_some(std::string_view bytes);
  long judge_tls(int outcome);

  reactor& reactor_;
  user* user_;
  boost::asio::ip::tcp::socket socket_;
  security::ssl_ptr tls_;
  protocol::framer framer_;
  std::optional<websocket> websocket_; ///< in the place of framer_
  std::string host_;
  bool upgraded_ = false;
  bool heard_ = false; ///< of the node, TLS aside
  std::string frame_;  ///< one that is being sent
  std::string out_;
  bool flush_scheduled_ = false;
  bool write_blocked_ = false;
};

} // namespace iris::bench
