#include "admin/server.hpp"

#include "admin/session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace iris::admin {

namespace asio = boost::asio;

using asio::ip::tcp;
using boost::system::error_code;

class server::core {
public:
  core(asio::io_context& on, const server_options& options, handlers to)
    : on_(on), acceptor_(on), pause_(on),
      shared_(std::make_shared<shared_state>(on, options, std::move(to))) {}

  result<void> open() {
    error_code failed;
    const auto& options = shared_->options;
    tcp::resolver resolver{on_};
    auto found = resolver.resolve(options.address, std::to_string(options.port),
                                  tcp::resolver::passive, failed);
    if (failed || found.empty())
      return error{errc::config_invalid,
                   "can't resolve " + options.address
                     + ": expected an IP address or a name of this machine"};
    auto at = found.begin()->endpoint();
    acceptor_.open(at.protocol(), failed);
    if (!failed)
      acceptor_.set_option(tcp::acceptor::reuse_address{true}, failed);
    if (!failed)
      acceptor_.bind(at, failed);
    if (!failed)
      acceptor_.listen(tcp::acceptor::max_listen_connections, failed);
    if (!failed)
      port_ = acceptor_.local_endpoint(failed).port();
    if (failed)
      return error{errc::io_failed, "expected to listen on " + options.address
                                      + " port " + std::to_string(options.port)
                                      + ": " + failed.message()};
    return {};
  }

  std::uint16_t port() const noexcept { return port_; }

  static asio::awaitable<void> accept(std::shared_ptr<core> self) {
    while (!self->shared_->stopping) {
      error_code failed;
      auto socket = co_await self->acceptor_.async_accept(
        asio::redirect_error(asio::use_awaitable, failed));
      if (self->shared_->stopping)
        break;
      if (!failed) {
        self->admit(std::move(socket));
        continue;
      }
      // Out of descriptors, most likely: connections that end give some back.
      self->pause_.expires_after(std::chrono::milliseconds{100});
      co_await self->pause_.async_wait(
        asio::redirect_error(asio::use_awaitable, failed));
    }
  }

  asio::io_context& on() noexcept { return on_; }

  void stop() {
    shared_->stopping = true;
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    for (auto x : shared_->served)
      x->stop();
  }

  /// Nothing reaches the io_context from outside any more.
  void abandon() { shared_->pending->close(); }

private:
  void admit(tcp::socket socket) {
    constexpr std::size_t turned_away_max = 16;
    if (shared_->served.size() < shared_->options.connections_max)
      serve(shared_, std::move(socket));
    else if (shared_->turned_away.size() < turned_away_max)
      turn_away(shared_, std::move(socket));
  }

  asio::io_context& on_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::shared_ptr<shared_state> shared_;
  std::uint16_t port_ = 0;
};

result<std::unique_ptr<server>> server::listen(asio::io_context& on,
                                               const server_options& options,
                                               handlers to) {
  auto listener = std::make_shared<core>(on, options, std::move(to));
  if (auto opened = listener->open(); !opened)
    return opened.failure();
  asio::co_spawn(on, core::accept(listener), asio::detached);
  return std::make_unique<server>(std::move(listener));
}

server::server(std::shared_ptr<core> x) noexcept : core_(std::move(x)) {}

server::~server() {
  core_->abandon();
}

std::uint16_t server::port() const noexcept {
  return core_->port();
}

void server::stop() {
  asio::post(core_->on(), [core = core_] { core->stop(); });
}

} // namespace iris::admin
