#pragma once

#include "actors/connection.hpp"
#include "edge/io_thread.hpp"
#include "edge/websocket_wire.hpp"
#include "observability/log.hpp"
#include "protocol/codec.hpp"
#include "protocol/framer.hpp"
#include "tests/lines.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace iris::edge::test {

using tcp = boost::asio::ip::tcp;
using lines = std::vector<std::string>;

/// One I/O thread's sockets and actors, run by the test in its own thread:
/// nothing happens but inside of `until`.
class stage {
public:
  explicit stage(std::uint32_t connections_per_user = 16);
  ~stage();

  /// Lets things happen until `done`; fails the test if that takes too long,
  /// which is a net for what hangs and no measure.
  void until(const std::function<bool()>& done, const char* what);
  /// Until nothing is left to happen at once. What comes through a socket may
  /// take longer.
  void settle();
  /// The same, once what waits for a time finds that this much has passed.
  void skip(std::chrono::milliseconds time);
  /// Sends frames of about 1,000 bytes, as a connection does: no more while the
  /// bound is reached. Until a client that does not read stops that.
  std::vector<std::string> fill(actors::wire& to, std::size_t bound);

  /// Two sockets that are connected over loopback: the node's, the client's.
  std::pair<tcp_socket, tcp::socket> connect();

  /// Options of `connection`, whose tokens are users' names.
  actors::connection_options options;

private:
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::atomic<bool> storage_full_{false};
  actors::router routes_{1};
  actors::user_gate users_;
  observability::logger log_;

public:
  observability::metrics metrics;
  actors::environment env;
  std::unique_ptr<io_thread> home;
};

/// Stands for the connection's actor: writes down what its wire tells it.
class probe final
  : public supervision::bounded<actors::connection_actor::base> {
public:
  struct notes {
    /// "ping 1", "send <bytes of body>", "error <code> fatal: <text>",
    /// "drained", "disconnected".
    lines seen;
    bool resumes = true; ///< reads on by itself
  };

  probe(caf::actor_config& config, std::shared_ptr<actors::wire> with,
        std::shared_ptr<notes> to)
    : bounded(config), wire_(std::move(with)), notes_(std::move(to)) {}

  behavior_type make_behavior() override;

protected:
  void bounce(caf::mailbox_element&) override {}
  bool control(const caf::type_erased_tuple&) const noexcept override {
    return true;
  }

private:
  void note(const actors::inbound& what);

  std::shared_ptr<actors::wire> wire_;
  std::shared_ptr<notes> notes_;
};

/// A client's end of TCP that keeps all it gets, or stops reading.
class tcp_end : public std::enable_shared_from_this<tcp_end> {
public:
  explicit tcp_end(tcp::socket with) : socket_(std::move(with)) {}

  void read();
  void send(std::string_view bytes);
  void finish() { socket_.shutdown(tcp::socket::shutdown_send); }
  tcp::socket& socket() { return socket_; }

  std::string got;
  std::size_t pieces = 0; ///< reads that brought something
  bool ended = false;
  bool reading = true;

private:
  tcp::socket socket_;
  std::string buffer_ = std::string(64 * 1024, '\0');
};

/// A connection over TCP: the node's wire, and the client's end.
class tcp_pair {
public:
  explicit tcp_pair(stage& at);
  /// Closes both ends, which ends the actor.
  ~tcp_pair();

  /// With the real connection behind the wire.
  actors::connection_actor serve();
  /// The same, for alice's phone, which is told that it is ready.
  void log_in();
  /// With a probe, for a client that is known.
  void watch(std::size_t output_bytes_max = 1024 * 1024);
  /// Whether the client got this; all that it got are whole frames, or half of
  /// one at the end.
  bool has(const std::string& what) const;
  /// What the client got, taken.
  lines take();

  std::shared_ptr<actors::wire> wire;
  std::shared_ptr<tcp_end> client;
  std::shared_ptr<probe::notes> notes = std::make_shared<probe::notes>();
  int closed = 0;

private:
  stage& at_;
  std::function<void(actors::connection_actor, std::size_t)> start_;
};

/// With its length before it.
std::string framed(const protocol::client_frame& frame);
std::string framed(std::string_view frame);
/// A ping as large as this: unknown keys are skipped.
std::string padded_ping(std::uint64_t n, std::size_t frame_bytes);
std::string encoded(const protocol::server_frame& frame);
/// Without lengths: what a stream brought. Fails the test on half a frame.
std::vector<protocol::server_frame> frames_in(const std::string& stream);
std::string describe(const protocol::server_frame& frame);
/// A send with a body of this many bytes.
protocol::send message(std::uint64_t number, std::size_t bytes);

} // namespace iris::edge::test
