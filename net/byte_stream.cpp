#include "net/byte_stream.hpp"

#include <algorithm>
#include <cerrno>
#include <new>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/socket.h>

namespace iris::net {

namespace {

/// The most that one TLS record holds.
constexpr std::size_t record_bytes = 16 * 1024;

io_result outcome_of(ssize_t returned, io_status when_blocked) {
  if (returned > 0)
    return {io_status::done, static_cast<std::size_t>(returned)};
  if (returned < 0 && (errno == EAGAIN || errno == EINTR))
    return {when_blocked, 0};
  return {io_status::closed, 0};
}

/// OpenSSL's socket, but for writing to a connection that is gone: that is an
/// error, and no SIGPIPE, which would end the program that a client is part of.
BIO_METHOD* quiet_socket() {
  static BIO_METHOD* const method = [] {
    const auto* base = BIO_s_socket();
    auto* out = BIO_meth_new(BIO_TYPE_SOCKET, "socket without SIGPIPE");
    if (!out)
      throw std::bad_alloc{};
    BIO_meth_set_read(out, BIO_meth_get_read(base));
    BIO_meth_set_ctrl(out, BIO_meth_get_ctrl(base));
    BIO_meth_set_create(out, BIO_meth_get_create(base));
    BIO_meth_set_destroy(out, BIO_meth_get_destroy(base));
    BIO_meth_set_write(out, [](BIO* to, const char* from, int size) {
      BIO_clear_retry_flags(to);
      auto returned = ::send(static_cast<int>(BIO_get_fd(to, nullptr)), from,
                             static_cast<std::size_t>(size), MSG_NOSIGNAL);
      auto sent = static_cast<int>(returned);
      if (sent <= 0 && BIO_sock_should_retry(sent))
        BIO_set_retry_write(to);
      return sent;
    });
    return out;
  }();
  return method;
}

/// False if there is no memory for it.
bool attach(SSL* to, int descriptor) {
  auto* socket = BIO_new(quiet_socket());
  if (!socket)
    return false;
  BIO_set_fd(socket, descriptor, BIO_NOCLOSE);
  SSL_set_bio(to, socket, socket);
  return true;
}

} // namespace

io_result plain_stream::read(char* to, std::size_t size) noexcept {
  return outcome_of(::recv(descriptor_, to, size, 0), io_status::wants_read);
}

io_result plain_stream::write(const char* from, std::size_t size) noexcept {
  return outcome_of(::send(descriptor_, from, size, MSG_NOSIGNAL),
                    io_status::wants_write);
}

tls_stream::tls_stream(int descriptor, SSL_CTX* context, tls_side side)
  : ssl_(SSL_new(context)) {
  if (!ssl_ || !attach(ssl_.get(), descriptor))
    throw std::bad_alloc{};
  if (side == tls_side::server)
    SSL_set_accept_state(ssl_.get());
  else
    SSL_set_connect_state(ssl_.get());
}

io_result tls_stream::outcome(int returned) noexcept {
  if (returned > 0)
    return {io_status::done, static_cast<std::size_t>(returned)};
  auto why = SSL_get_error(ssl_.get(), returned);
  failure_ = ERR_GET_REASON(ERR_peek_error());
  // The queue is the thread's: what stays in it would be the next stream's.
  ERR_clear_error();
  if (why == SSL_ERROR_WANT_READ)
    return {io_status::wants_read, 0};
  if (why == SSL_ERROR_WANT_WRITE)
    return {io_status::wants_write, 0};
  return {io_status::closed, 0};
}

io_result tls_stream::handshake() noexcept {
  return outcome(SSL_do_handshake(ssl_.get()));
}

io_result tls_stream::read(char* to, std::size_t size) noexcept {
  return outcome(SSL_read(ssl_.get(), to, static_cast<int>(size)));
}

io_result tls_stream::write(const char* from, std::size_t size) noexcept {
  return outcome(SSL_write(ssl_.get(), from,
                           static_cast<int>(std::min(size, record_bytes))));
}

void tls_stream::shutdown() noexcept {
  if (SSL_is_init_finished(ssl_.get()))
    SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

} // namespace iris::net
