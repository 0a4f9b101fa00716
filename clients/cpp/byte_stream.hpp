#pragma once

#include "base/error.hpp"
#include "clients/cpp/tls.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

/// Non-blocking bytes over a connected socket, plain or TLS, without buffers
/// of their own.
namespace iris::client {

enum class io_status : std::uint8_t { done, wants_read, wants_write, closed };

struct io_result {
  io_status status = io_status::closed;
  std::size_t bytes = 0;
};

/// TCP. Does not own the descriptor.
class plain_stream {
public:
  plain_stream(int descriptor, const tls_context*, const std::string&) noexcept
    : descriptor_(descriptor) {}

  io_result handshake() noexcept { return {io_status::done, 0}; }
  io_result read(char* to, std::size_t size) noexcept;
  io_result write(const char* from, std::size_t size) noexcept;
  void shutdown() noexcept {}
  /// Why handshake() closed.
  error failure() const { return {}; }

private:
  int descriptor_;
};

/// TLS on the client's side. Does not own the descriptor.
class tls_stream {
public:
  /// Expects the certificate to be for `host`. Throws std::bad_alloc.
  tls_stream(int descriptor, const tls_context* context,
             const std::string& host);

  io_result handshake() noexcept;
  io_result read(char* to, std::size_t size) noexcept;
  io_result write(const char* from, std::size_t size) noexcept;
  /// Says close_notify, as far as that is possible without waiting.
  void shutdown() noexcept;
  error failure() const { return tls_context::failure(ssl_.get()); }

private:
  struct deleter {
    void operator()(SSL* x) const noexcept { SSL_free(x); }
  };

  io_result outcome(int returned) noexcept;

  std::unique_ptr<SSL, deleter> ssl_;
};

} // namespace iris::client
