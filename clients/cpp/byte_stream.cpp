#include "clients/cpp/byte_stream.hpp"

#include <algorithm>
#include <cerrno>
#include <new>
#include <openssl/err.h>
#include <sys/socket.h>

namespace iris::client {

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

} // namespace

io_result plain_stream::read(char* to, std::size_t size) noexcept {
  return outcome_of(::recv(descriptor_, to, size, 0), io_status::wants_read);
}

io_result plain_stream::write(const char* from, std::size_t size) noexcept {
  return outcome_of(::send(descriptor_, from, size, MSG_NOSIGNAL),
                    io_status::wants_write);
}

tls_stream::tls_stream(int descriptor, const tls_context* context,
                       const std::string& host)
  : ssl_(SSL_new(context->get())) {
  if (!ssl_ || SSL_set_fd(ssl_.get(), descriptor) != 1)
    throw std::bad_alloc{};
  tls_context::expect_host(ssl_.get(), host);
  SSL_set_connect_state(ssl_.get());
}

io_result tls_stream::outcome(int returned) noexcept {
  if (returned > 0)
    return {io_status::done, static_cast<std::size_t>(returned)};
  auto why = SSL_get_error(ssl_.get(), returned);
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

} // namespace iris::client
