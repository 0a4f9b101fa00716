#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>

/// Non-blocking bytes over a connected socket, plain or TLS, without buffers
/// of their own: an idle TLS connection costs what OpenSSL keeps.
namespace iris::net {

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

enum class tls_side : std::uint8_t { server, client };

/// TLS. Does not own the descriptor, and keeps the context alive by itself.
class tls_stream {
public:
  /// Throws std::bad_alloc.
  tls_stream(int descriptor, SSL_CTX* context, tls_side side);

  io_result handshake() noexcept;
  io_result read(char* to, std::size_t size) noexcept;
  io_result write(const char* from, std::size_t size) noexcept;
  /// Says close_notify, as far as that is possible without waiting.
  void shutdown() noexcept;

  /// To set what the handshake expects, or ask why it failed.
  SSL* handle() noexcept { return ssl_.get(); }
  /// OpenSSL's reason for what failed last, or 0.
  int failure() const noexcept { return failure_; }

private:
  struct deleter {
    void operator()(SSL* x) const noexcept { SSL_free(x); }
  };

  io_result outcome(int returned) noexcept;

  std::unique_ptr<SSL, deleter> ssl_;
  int failure_ = 0;
};

} // namespace iris::net
