#include "edge/byte_stream.hpp"

#include <algorithm>
#include <cerrno>
#include <new>
#include <openssl/err.h>
#include <sys/socket.h>

namespace iris::edge {

namespace {

/// The most that one TLS record holds.
constexpr std::size_t record_bytes = 16 * 1024;

io_result plain_outcome(ssize_t returned, io_status when_blocked) {
  if (returned > 0)
    return {io_status::done, static_cast<std::size_t>(returned)};
  if (returned < 0 && (errno == EAGAIN || errno == EINTR))
    return {when_blocked, 0};
  return {io_status::closed, 0};
}

} // namespace

io_result plain_stream::read(char* to, std::size_t size) noexcept {
  return plain_outcome(::recv(descriptor_, to, size, 0), io_status::wants_read);
}

io_result plain_stream::write(const char* from, std::size_t size) noexcept {
  return plain_outcome(::send(descriptor_, from, size, MSG_NOSIGNAL),
                       io_status::wants_write);
}

tls_stream::tls_stream(int descriptor, SSL_CTX* context)
  : ssl_(SSL_new(context)) {
  if (ssl_ == nullptr || SSL_set_fd(ssl_, descriptor) != 1) {
    SSL_free(ssl_);
    throw std::bad_alloc{};
  }
  SSL_set_accept_state(ssl_);
}

tls_stream::~tls_stream() {
  SSL_free(ssl_);
}

io_result tls_stream::outcome(int returned) noexcept {
  if (returned > 0)
    return {io_status::done, static_cast<std::size_t>(returned)};
  switch (SSL_get_error(ssl_, returned)) {
  case SSL_ERROR_WANT_READ:
    return {io_status::wants_read, 0};
  case SSL_ERROR_WANT_WRITE:
    return {io_status::wants_write, 0};
  default:
    ERR_clear_error();
    return {io_status::closed, 0};
  }
}

io_result tls_stream::handshake() noexcept {
  return outcome(SSL_do_handshake(ssl_));
}

io_result tls_stream::read(char* to, std::size_t size) noexcept {
  return outcome(SSL_read(ssl_, to, static_cast<int>(size)));
}

io_result tls_stream::write(const char* from, std::size_t size) noexcept {
  return outcome(
    SSL_write(ssl_, from, static_cast<int>(std::min(size, record_bytes))));
}

void tls_stream::shutdown() noexcept {
  if (SSL_is_init_finished(ssl_))
    SSL_shutdown(ssl_);
  ERR_clear_error();
}

} // namespace iris::edge
