#include "tests/process/tcp_proxy.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <functional>
#include <future>

namespace iris::process {

using boost::system::error_code;

struct tcp_proxy::pair {
  explicit pair(boost::asio::io_context& io)
    : ends{tcp::socket{io}, tcp::socket{io}} {}

  void close() {
    error_code ignored;
    for (auto& x : ends)
      x.close(ignored);
  }

  std::array<tcp::socket, 2> ends; ///< who connected, whom to
  std::array<std::array<char, 65536>, 2> buffers;
};

tcp_proxy::tcp_proxy(std::uint16_t to)
  : to_(boost::asio::ip::address_v4::loopback(), to),
    acceptor_(io_, tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}),
    port_(acceptor_.local_endpoint().port()) {
  accept();
  thread_ = std::thread{[this] { io_.run(); }};
}

tcp_proxy::~tcp_proxy() {
  io_.stop();
  thread_.join();
}

void tcp_proxy::cut() {
  run_there([this] { whole_ = false; });
}

void tcp_proxy::mend() {
  run_there([this] {
    whole_ = true;
    for (auto& x : pairs_)
      x->close();
    pairs_.clear();
  });
}

void tcp_proxy::run_there(const std::function<void()>& what) {
  std::promise<void> done;
  boost::asio::post(io_, [&] {
    what();
    done.set_value();
  });
  done.get_future().get();
}

void tcp_proxy::accept() {
  auto both = std::make_shared<pair>(io_);
  acceptor_.async_accept(both->ends[0], [this, both](error_code failed) {
    if (failed)
      return;
    std::erase_if(pairs_, [](const auto& x) { return !x->ends[0].is_open(); });
    pairs_.push_back(both);
    if (whole_)
      both->ends[1].async_connect(to_, [this, both](error_code refused) {
        if (refused)
          return both->close();
        pump(both, false);
        pump(both, true);
      });
    accept();
  });
}

void tcp_proxy::pump(const std::shared_ptr<pair>& both, bool back) {
  both->ends[back].async_read_some(
    boost::asio::buffer(both->buffers[back]),
    [this, both, back](error_code failed, std::size_t count) {
      // What has been read is gone: the connection can't go on later.
      if (!whole_)
        return;
      if (failed)
        return both->close();
      boost::asio::async_write(
        both->ends[!back], boost::asio::buffer(both->buffers[back], count),
        [this, both, back](error_code lost, std::size_t) {
          if (lost)
            return both->close();
          pump(both, back);
        });
    });
}

} // namespace iris::process
