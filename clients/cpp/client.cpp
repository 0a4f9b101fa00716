#include "clients/cpp/client.hpp"

#include <boost/asio/post.hpp>

namespace iris::client {

client::client(boost::asio::io_context& io, options with, handler on_event,
               std::shared_ptr<const tls_context> tls)
  : io_(io), on_event_(std::move(on_event)), tls_(std::move(tls)), timer_(io),
    core_(std::move(with), *this, random_source{entropy()}) {
  // nop
}

client::~client() {
  close();
  *self_ = nullptr;
}

void client::start() {
  core_.start(now(), system_clock().wall_now());
  rearm();
}

void client::stop() {
  core_.flush(now());
  core_.stop();
  rearm();
}

result<void> client::ack(inbox_offset upto) {
  auto out = core_.ack(upto);
  // One for all that the handler acknowledges in this turn.
  if (out && !ack_scheduled_) {
    ack_scheduled_ = true;
    boost::asio::post(io_, [self = self_] {
      if (auto* x = *self) {
        x->ack_scheduled_ = false;
        x->received_all();
      }
    });
  }
  return out;
}

// -- what the core wants ------------------------------------------------------

void client::connect(const std::string& endpoint) {
  auto where = url::parse(endpoint);
  auto refused = where ? error{} : where.failure();
  if (where && where->secure && !tls_)
    refused = {errc::config_invalid, "expected a TLS context for " + endpoint};
  if (!refused) {
    transport_ = iris::client::connect(io_, *where, tls_, *this);
    return;
  }
  boost::asio::post(io_, [self = self_, refused] {
    if (auto* x = *self)
      x->link_down(refused);
  });
}

void client::write(const protocol::client_frame& frame) {
  transport_->send(frame);
}

void client::close() {
  if (auto gone = std::exchange(transport_, nullptr))
    gone->close();
}

void client::handle(event what) {
  on_event_(std::move(what));
}

// -- what the transport says --------------------------------------------------

void client::link_up() {
  core_.link_up(now());
  rearm();
}

void client::receive(std::string_view frame) {
  core_.receive(frame, now());
  // What ended the connection is the last that comes of it.
  if (!transport_)
    rearm();
}

void client::received_all() {
  core_.flush(now());
  rearm();
}

void client::link_down(error reason) {
  transport_ = nullptr;
  core_.link_down(std::move(reason), now());
  rearm();
}

// -- time ---------------------------------------------------------------------

void client::rearm() {
  auto deadline = core_.next_deadline();
  // Who has stopped gives the io_context nothing to wait for.
  if (deadline == nanoseconds::max() && armed_ != deadline) {
    armed_ = deadline;
    timer_.cancel();
  }
  if (deadline >= armed_)
    return;
  armed_ = deadline;
  timer_.expires_after(std::max(deadline - now(), nanoseconds{0}));
  timer_.async_wait([self = self_](const boost::system::error_code& failed) {
    auto* x = *self;
    if (failed || x == nullptr)
      return;
    x->armed_ = nanoseconds::max();
    x->core_.tick(now());
    x->rearm();
  });
}

bool run_until(boost::asio::io_context& io, const std::function<bool()>& done,
               std::chrono::milliseconds limit) {
  std::chrono::steady_clock::time_point until{system_clock().steady_now()
                                              + limit};
  io.restart();
  while (!done())
    if (io.run_one_until(until) == 0)
      return done();
  return true;
}

} // namespace iris::client
