#include "tests/apps/canned_http.hpp"

#include <boost/asio/post.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace iris::test {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

canned_http::canned_http(std::map<std::string, canned> answers)
  : answers_(std::move(answers)),
    acceptor_(io_, {asio::ip::address_v4::loopback(), 0}) {
  accept();
  thread_ = std::thread{[this] { io_.run(); }};
}

canned_http::~canned_http() {
  finish();
}

std::string canned_http::url() const {
  return "http://127.0.0.1:"
         + std::to_string(acceptor_.local_endpoint().port());
}

std::vector<canned_http::asked> canned_http::finish() {
  asio::post(io_, [this] { acceptor_.close(); });
  if (thread_.joinable())
    thread_.join();
  return asked_;
}

void canned_http::accept() {
  acceptor_.async_accept(
    [this](boost::system::error_code failed, tcp::socket socket) {
      if (failed)
        return;
      serve(std::move(socket));
      accept();
    });
}

void canned_http::serve(tcp::socket socket) {
  boost::beast::flat_buffer buffer;
  http::request<http::string_body> request;
  boost::system::error_code failed;
  http::read(socket, buffer, request, failed);
  if (failed)
    return;
  asked_.push_back(
    {std::string{request.method_string()}, std::string{request.target()},
     std::string{request[http::field::authorization]}, request.body()});
  auto found = answers_.find(asked_.back().target);
  auto chosen = found == answers_.end() ? canned{404, "{}"} : found->second;
  http::response<http::string_body> answer{http::int_to_status(chosen.status),
                                           11};
  answer.body() = chosen.body;
  answer.prepare_payload();
  http::write(socket, answer, failed);
}

} // namespace iris::test
