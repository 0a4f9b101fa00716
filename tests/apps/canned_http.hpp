#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <map>
#include <string>
#include <thread>
#include <vector>

namespace iris::test {

/// A listener on the loopback that answers every request by its target, and
/// remembers what it was asked. For the commands that call a node.
class canned_http {
public:
  struct canned {
    unsigned status = 200;
    std::string body;
  };
  struct asked {
    std::string method;
    std::string target;
    std::string authorization;
    std::string body;
  };

  explicit canned_http(std::map<std::string, canned> answers);
  ~canned_http();

  /// "http://127.0.0.1:…"
  std::string url() const;
  /// Stops, and gives what was asked.
  std::vector<asked> finish();

private:
  void accept();
  void serve(boost::asio::ip::tcp::socket socket);

  std::map<std::string, canned> answers_;
  std::vector<asked> asked_;
  boost::asio::io_context io_{1};
  boost::asio::ip::tcp::acceptor acceptor_;
  std::thread thread_;
};

} // namespace iris::test
