#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>

/// Non-blocking bytes over a socket's descriptor, plain or TLS, without
/// buffers of their own: an idle TLS connection costs what OpenSSL keeps.
namespace iris::edge {

enum class io_status : std::uint8_t { done, wants_read, wants_write, closed };

struct io_result {
  io_status status = io_status::closed;
  std::size_t bytes = 0;
};

/// TCP. Does not own the descriptor.
class plain_stream {
public:
  explicit plain_stream(int descriptor) noexcept : descriptor_(descriptor) {}

  io_result handshake() noexcept { return {io_status::done, 0}; }
  io_result read(char* to, std::size_t size) noexcept;
  io_result write(const char* from, std::size_t size) noexcept;
  void shutdown() noexcept {}

private:
  int descriptor_;
};

/// TLS on the server's side. Does not own the descriptor.
class tls_stream {
public:
  /// Throws std::bad_alloc.
  tls_stream(int descriptor, SSL_CTX* context);
  ~tls_stream();
  tls_stream(const tls_stream&) = delete;
  tls_stream& operator=(const tls_stream&) = delete;

  io_result handshake() noexcept;
  io_result read(char* to, std::size_t size) noexcept;
  io_result write(const char* from, std::size_t size) noexcept;
  /// Says close_notify, as far as that is possible without waiting.
  void shutdown() noexcept;

private:
  io_result outcome(int returned) noexcept;

  SSL* ssl_;
};

} // namespace iris::edge
