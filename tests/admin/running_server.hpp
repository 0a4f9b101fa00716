#pragma once

#include "admin/server.hpp"
#include "tests/admin/client.hpp"
#include "tests/admin/sample_handlers.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <thread>

namespace iris::admin {

/// A listener on a thread of its own, stopped and joined at the end.
class running_server {
public:
  explicit running_server(handlers to = sample_handlers(),
                          const server_options& options = {}) {
    auto made = server::listen(on_, options, std::move(to));
    REQUIRE(made);
    server_ = *std::move(made);
    thread_ = std::jthread{[this] { on_.run(); }};
  }
  ~running_server() { stop(); }

  std::uint16_t port() const { return server_->port(); }

  void begin_stop() { server_->stop(); }
  /// Returns when the last connection has ended.
  void stop() {
    if (thread_.joinable()) {
      server_->stop();
      thread_.join();
    }
  }

private:
  boost::asio::io_context on_;
  std::unique_ptr<server> server_;
  std::jthread thread_;
};

} // namespace iris::admin
