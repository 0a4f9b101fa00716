#pragma once

#include "actors/connection.hpp"
#include "config/endpoint.hpp"
#include "edge/gate.hpp"
#include "edge/io_thread.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <openssl/ssl.h>

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace iris::edge {

enum class transport : std::uint8_t { tcp, tls, ws, wss };

std::string_view to_string(transport x) noexcept;

/// What all listeners of a node share.
struct edge_parts {
  std::vector<io_thread*> threads;
  const actors::environment& env;
  gate& admission;
  /// Read at each accept, so that a reload is for those that come after it.
  std::function<std::shared_ptr<const actors::connection_options>()> connection;
  /// The same for tls and wss; null without them.
  std::function<std::shared_ptr<SSL_CTX>()> tls;
  /// URLs of other nodes, for clients that have to go; if nothing, none are
  /// told. Any thread.
  std::function<std::vector<std::string>()> elsewhere = {};
};

/// Accepts clients on one address and spreads them over the threads.
class listener : public std::enable_shared_from_this<listener> {
public:
  /// Binds at once. Fails with config_invalid or io_failed, naming the
  /// address.
  static result<std::shared_ptr<listener>>
  open(transport kind, const config::endpoint& address, const edge_parts& with);

  void start();
  /// No new connections; those there are stay.
  void stop();
  /// Tells all connections to drain, those that are being accepted too.
  void drain();
  /// Who connects from now on may stay again. Not after `stop`.
  void welcome();
  /// Ends those that are still there.
  void abort();
  /// Connections that are open now. Any thread.
  std::size_t connections() const;
  std::uint16_t port() const;

private:
  using tcp = boost::asio::ip::tcp;

  listener(transport kind, const edge_parts& with);
  void accept();
  void admit(io_thread& home, tcp_socket socket);
  void take(io_thread& home, tcp_socket socket,
            const boost::asio::ip::address& from, gate::verdict verdict);
  actors::drain goodbye() const;

  const transport kind_;
  const edge_parts with_;
  tcp::acceptor acceptor_;
  std::size_t next_thread_ = 0;
  mutable std::mutex mutex_;
  std::uint64_t next_key_ = 0;
  std::unordered_map<std::uint64_t, actors::connection_actor> open_;
  bool draining_ = false; ///< guarded by mutex_, too
};

} // namespace iris::edge
