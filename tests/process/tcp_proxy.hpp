#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <list>
#include <memory>
#include <thread>

namespace iris::process {

/// A wire between two processes that can be cut: connections to its port go on
/// to a port of the loopback, as long as it is whole. Cut, it carries nothing
/// and closes nothing, as a network does; mended, it drops the connections from
/// before.
class tcp_proxy {
public:
  explicit tcp_proxy(std::uint16_t to);
  ~tcp_proxy();
  tcp_proxy(const tcp_proxy&) = delete;
  tcp_proxy& operator=(const tcp_proxy&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  /// Nothing gets through any more once this has returned.
  void cut();
  void mend();

private:
  using tcp = boost::asio::ip::tcp;
  struct pair;

  void accept();
  void pump(const std::shared_ptr<pair>& both, bool back);
  void run_there(const std::function<void()>& what);

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
    busy_{io_.get_executor()};
  const tcp::endpoint to_;
  tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  bool whole_ = true;
  std::list<std::shared_ptr<pair>> pairs_;
  std::thread thread_; ///< the only one to touch what is above
};

} // namespace iris::process
