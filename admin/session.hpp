#pragma once

#include "admin/answers.hpp"
#include "admin/router.hpp"
#include "admin/server.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <set>

namespace iris::admin {

/// A connection, as the listener sees it.
class connection {
public:
  virtual ~connection() = default;

  /// Gives up a request that isn't complete; an answer under way goes out.
  virtual void stop() = 0;
};

/// What a listener and its connections share. On the io_context's thread.
struct shared_state {
  shared_state(boost::asio::io_context& on, const server_options& x,
               handlers to)
    : options(x), routes(std::move(to)),
      pending(std::make_shared<answers>(on)) {}

  const server_options options;
  const router routes;
  const std::shared_ptr<answers> pending;
  std::set<connection*> served;
  std::set<connection*> turned_away;
  bool stopping = false;
};

/// Reads requests and writes answers until one of both sides has enough.
void serve(std::shared_ptr<shared_state> shared,
           boost::asio::ip::tcp::socket socket);

/// Tells a client that there are too many, and closes.
void turn_away(std::shared_ptr<shared_state> shared,
               boost::asio::ip::tcp::socket socket);

} // namespace iris::admin
