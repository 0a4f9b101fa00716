#pragma once

#include "admin/handlers.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace iris::admin {

struct server_options {
  /// Plain HTTP: an address or name of this machine or of a network of
  /// operators.
  std::string address = "127.0.0.1";
  std::uint16_t port = 0; ///< 0: any free one
  /// Of the request line, and again of the fields after it.
  std::uint32_t header_bytes_max = 8 * 1024;
  std::uint32_t body_bytes_max = 16 * 1024;
  std::uint32_t connections_max = 64;
  /// For a whole request to come in, and for an answer to go out.
  std::chrono::milliseconds read_timeout{10'000};
  /// For a handler to answer.
  std::chrono::milliseconds answer_timeout{5'000};
};

/// The admin listener: HTTP/1.1 in front of `handlers`. A client that breaks
/// a rule or a limit is told so with an error in JSON, and the connection is
/// closed. Runs on the thread of its io_context, which runs nothing else that
/// matters: a storm of admin requests can't slow down messages.
///
/// Life cycle: `listen`, then run the io_context; `stop`, and the io_context's
/// run() returns once the last answer is out; then destroy the server, then
/// the io_context.
class server {
  class core;

public:
  /// Fails with config_invalid if the address isn't one, with io_failed if it
  /// can't be listened on.
  static result<std::unique_ptr<server>> listen(boost::asio::io_context& on,
                                                const server_options& options,
                                                handlers to);

  /// For `listen`.
  explicit server(std::shared_ptr<core> x) noexcept;
  /// Not while the io_context runs on another thread.
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  std::uint16_t port() const noexcept;

  /// Stops listening, closes idle connections, and lets answers that are
  /// under way go out. Any thread.
  void stop();

private:
  std::shared_ptr<core> core_;
};

} // namespace iris::admin
