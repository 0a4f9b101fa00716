#include "edge/listener.hpp"

#include "edge/stream_wire.hpp"
#include "edge/websocket_wire.hpp"

namespace iris::edge {

namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using error_code = boost::system::error_code;

/// After an accept that failed, e.g. for lack of descriptors.
constexpr auto accept_pause = 100ms;

result<tcp::endpoint> resolve(boost::asio::io_context& io,
                              const config::endpoint& address) {
  error_code failed;
  tcp::resolver resolver{io};
  auto found = resolver.resolve(address.host, std::to_string(address.port),
                                tcp::resolver::passive, failed);
  if (failed || found.empty())
    return error{errc::config_invalid,
                 "can't resolve " + address.host
                   + ": expected an IP address or a name of this machine"};
  return found.begin()->endpoint();
}

template <class Stream, class... Ts>
unstarted make_stream(Ts&&... xs) {
  auto wire = std::make_shared<stream_wire<Stream>>(std::forward<Ts>(xs)...);
  auto start = [wire](actors::connection_actor owner, std::size_t bytes) {
    wire->start(std::move(owner), bytes);
  };
  return {wire, std::move(start)};
}

} // namespace

std::string_view to_string(transport x) noexcept {
  constexpr std::string_view names[] = {"tcp", "tls", "ws", "wss"};
  return names[static_cast<std::size_t>(x)];
}

listener::listener(transport kind, const edge_parts& with)
  : kind_(kind), with_(with), acceptor_(with.threads.front()->io()) {
  // nop
}

result<std::shared_ptr<listener>>
listener::open(transport kind, const config::endpoint& address,
               const edge_parts& with) {
  std::shared_ptr<listener> out{new listener(kind, with)};
  auto endpoint = resolve(with.threads.front()->io(), address);
  if (!endpoint)
    return endpoint.failure();
  error_code failed;
  auto& acceptor = out->acceptor_;
  acceptor.open(endpoint->protocol(), failed);
  if (!failed)
    acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
  if (!failed)
    acceptor.bind(*endpoint, failed);
  if (!failed)
    acceptor.listen(4096, failed);
  if (failed)
    return error{errc::io_failed,
                 "can't listen on " + address.str() + " (" + failed.message()
                   + "): expected a free port of this machine"};
  return out;
}

void listener::start() {
  with_.threads.front()->post([self = shared_from_this()] { self->accept(); });
}

void listener::stop() {
  with_.threads.front()->post([self = shared_from_this()] {
    error_code ignored;
    self->acceptor_.close(ignored);
  });
}

void listener::accept() {
  auto& home = *with_.threads[next_thread_++ % with_.threads.size()];
  acceptor_.async_accept(home.io(), [self = shared_from_this(), &home](
                                      error_code failed, tcp_socket socket) {
    if (!self->acceptor_.is_open())
      return;
    if (failed) {
      self->with_.env.log.warn(
        "accept failed",
        {{"why", observability::public_text{failed.message()}}});
      return self->with_.threads.front()->after(accept_pause,
                                                [self] { self->accept(); });
    }
    self->admit(home, std::move(socket));
    self->accept();
  });
}

/// Before it waits for its thread: each that waits has a file open, too.
void listener::admit(io_thread& home, tcp_socket socket) {
  error_code failed;
  auto from = socket.remote_endpoint(failed).address();
  if (failed)
    return;
  auto verdict = with_.admission.enter(from);
  if (verdict == gate::verdict::shut)
    return with_.env.metrics.connections_refused
      .with(to_string(errc::overloaded))
      .add();
  auto shared = std::make_shared<tcp_socket>(std::move(socket));
  home.post([self = shared_from_this(), &home, shared, from, verdict] {
    self->take(home, std::move(*shared), from, verdict);
  });
}

/// On the connection's own thread.
void listener::take(io_thread& home, tcp_socket socket,
                    const boost::asio::ip::address& from,
                    gate::verdict verdict) {
  auto& metrics = with_.env.metrics;
  auto kind = to_string(kind_);
  metrics.connections_accepted.with(kind).add();
  metrics.connections.with(kind).add(1);
  std::unique_lock guard{mutex_};
  auto key = next_key_++;
  guard.unlock();
  auto on_closed = [self = shared_from_this(), key, from, verdict, kind] {
    self->with_.env.metrics.connections.with(kind).add(-1);
    self->with_.admission.leave(from, verdict);
    std::lock_guard inner{self->mutex_};
    self->open_.erase(key);
  };
  // SSL_new keeps the context, but not until it is called.
  auto tls = with_.tls();
  auto made = [&]() -> unstarted {
    const auto& env = with_.env;
    switch (kind_) {
    case transport::tcp:
      return make_stream<net::plain_stream>(home, std::move(socket), env,
                                            on_closed);
    case transport::tls:
      return make_stream<net::tls_stream>(home, std::move(socket), env,
                                          on_closed, tls.get(),
                                          net::tls_side::server);
    case transport::ws:
      return make_websocket(home, std::move(socket), env, on_closed);
    case transport::wss:
      break;
    }
    return make_secure_websocket(home, std::move(socket), env, on_closed,
                                 tls.get());
  }();
  auto options = with_.connection();
  auto owner = supervision::spawn_on<actors::connection>(home, made.wire,
                                                         options, with_.env);
  guard.lock();
  open_.emplace(key, owner);
  auto late = draining_;
  guard.unlock();
  if (late)
    caf::anon_send(owner, goodbye());
  if (verdict == gate::verdict::full)
    caf::anon_send(
      owner, actors::cut_off{{errc::overloaded, "too many connections", 1000}});
  made.start(owner, options->output_bytes_max);
}

actors::drain listener::goodbye() const {
  actors::drain out;
  if (with_.elsewhere)
    out.nodes =
      std::make_shared<const std::vector<std::string>>(with_.elsewhere());
  return out;
}

void listener::drain() {
  auto what = goodbye();
  std::lock_guard guard{mutex_};
  draining_ = true;
  for (const auto& x : open_)
    caf::anon_send(x.second, what);
}

void listener::welcome() {
  std::lock_guard guard{mutex_};
  draining_ = false;
}

void listener::abort() {
  std::lock_guard guard{mutex_};
  for (const auto& x : open_)
    caf::anon_send_exit(x.second, caf::exit_reason::kill);
}

std::size_t listener::connections() const {
  std::lock_guard guard{mutex_};
  return open_.size();
}

std::uint16_t listener::port() const {
  error_code failed;
  return acceptor_.local_endpoint(failed).port();
}

} // namespace iris::edge
