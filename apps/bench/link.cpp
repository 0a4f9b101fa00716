#include "apps/bench/link.hpp"

#include "clients/cpp/reasons.hpp"
#include "clients/cpp/tls.hpp"

#include <cerrno>
#include <openssl/err.h>
#include <sys/socket.h>

namespace iris::bench {

namespace asio = boost::asio;

void link::open(const target& to) {
  socket_.async_connect(
    to.address, [self = shared_from_this(), to](boost::system::error_code why) {
      if (!self->user_)
        return;
      if (why)
        return self->fail(errc::no_connection, why.message());
      self->connected(to);
    });
}

void link::connected(const target& to) {
  boost::system::error_code failed;
  socket_.non_blocking(true, failed);
  if (!failed)
    socket_.set_option(asio::ip::tcp::no_delay{true}, failed);
  if (failed)
    return fail(errc::no_connection, failed.message());
  host_ = to.host;
  if (to.websocket)
    websocket_.emplace();
  if (to.tls) {
    tls_.reset(SSL_new(to.tls.get()));
    if (!tls_ || SSL_set_fd(tls_.get(), socket_.native_handle()) != 1)
      return fail(errc::internal, "no memory for TLS");
    if (auto ok = security::set_peer_name(tls_.get(), to.host); !ok)
      return fail(ok.failure().code, ok.failure().context);
    return shake_hands();
  }
  begin();
}

void link::begin() {
  if (websocket_) {
    out_ = websocket::request(host_);
    send_later();
  } else {
    user_->opened();
  }
  read();
}

void link::shake_hands() {
  ERR_clear_error();
  auto outcome = SSL_connect(tls_.get());
  if (outcome == 1)
    return begin();
  switch (SSL_get_error(tls_.get(), outcome)) {
  case SSL_ERROR_WANT_READ:
    return await(wait_type::wait_read, &link::shake_hands);
  case SSL_ERROR_WANT_WRITE:
    return await(wait_type::wait_write, &link::shake_hands);
  default:
    auto why = client::tls_context::failure(tls_.get(),
                                            ERR_GET_REASON(ERR_peek_error()));
    fail(why.code, why.context);
  }
}

void link::await(wait_type what, void (link::*then)()) {
  socket_.async_wait(
    what, [self = shared_from_this(), then](boost::system::error_code why) {
      if (self->user_ && !why)
        ((*self).*then)();
    });
}

void link::read() {
  while (user_) {
    auto n = read_some();
    if (n < 0)
      return fail_closed();
    if (n == 0)
      return await(wait_type::wait_read, &link::read);
    take({reactor_.scratch().data(), static_cast<std::size_t>(n)});
    // A short read of plain TCP has emptied the socket.
    if (user_ && !tls_
        && static_cast<std::size_t>(n) < reactor_.scratch().size())
      return await(wait_type::wait_read, &link::read);
  }
}

void link::take(std::string_view bytes) {
  // As frames these four bytes would be the length of one.
  if (!std::exchange(heard_, true) && !websocket_ && bytes.starts_with("HTTP"))
    return fail(errc::no_connection, std::string{client::reasons::web_server});
  if (websocket_ && !upgraded_) {
    auto done = websocket_->upgraded(bytes);
    if (!done)
      return fail(done.failure().code, done.failure().context);
    if (!*done)
      return;
    upgraded_ = true;
    user_->opened();
  }
  auto on_frame = [this](std::string_view frame) { return take_frame(frame); };
  auto good = websocket_ ? websocket_->feed(bytes, on_frame)
                         : framer_.feed(bytes, on_frame);
  if (!good)
    return fail(good.failure().code, good.failure().context);
  if (user_)
    user_->burst_ended();
}

bool link::take_frame(std::string_view frame) {
  auto decoded = protocol::decode_server(frame);
  if (!decoded)
    fail(decoded.failure().code, decoded.failure().context);
  else
    user_->received(*std::move(decoded));
  return user_ != nullptr;
}

void link::send(const protocol::client_frame& frame) {
  if (websocket_) {
    frame_.clear();
    protocol::encode(frame, frame_);
    websocket::wrap(frame_, out_);
  } else {
    protocol::encode_framed(frame, out_);
  }
  send_later();
}

void link::send_later() {
  if (flush_scheduled_ || write_blocked_)
    return;
  flush_scheduled_ = true;
  reactor_.flush_later(shared_from_this());
}

void link::flush() {
  flush_scheduled_ = write_blocked_ = false;
  std::size_t written = 0;
  while (user_ && written < out_.size()) {
    auto n = write_some(std::string_view{out_}.substr(written));
    if (n < 0)
      return fail_closed();
    if (n == 0) {
      write_blocked_ = true;
      await(wait_type::wait_write, &link::flush);
      break;
    }
    written += static_cast<std::size_t>(n);
  }
  out_.erase(0, written);
}

long link::read_some() {
  auto& to = reactor_.scratch();
  if (tls_) {
    ERR_clear_error();
    return judge_tls(
      SSL_read(tls_.get(), to.data(), static_cast<int>(to.size())));
  }
  auto n = ::recv(socket_.native_handle(), to.data(), to.size(), 0);
  if (n > 0)
    return n;
  return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

long link::write_some(std::string_view bytes) {
  if (tls_) {
    ERR_clear_error();
    return judge_tls(
      SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size())));
  }
  auto n =
    ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (n >= 0)
    return n;
  return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

long link::judge_tls(int outcome) {
  if (outcome > 0)
    return outcome;
  auto why = SSL_get_error(tls_.get(), outcome);
  return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

void link::fail_closed() {
  fail(errc::no_connection, heard_ ? "the node closed the connection"
                                   : std::string{client::reasons::silent});
}

void link::fail(errc code, const std::string& why) {
  auto tell = user_;
  close();
  if (tell)
    tell->closed({code, why});
}

void link::close() {
  user_ = nullptr;
  boost::system::error_code ignored;
  socket_.close(ignored);
}

} // namespace iris::bench
