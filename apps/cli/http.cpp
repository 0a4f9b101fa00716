#include "apps/cli/http.hpp"

#include "apps/cli/json.hpp"

// Asio 1.74 forgets this one on g++ 12.
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace iris::cli {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr std::size_t answer_bytes_max = 64 << 20;

http::request<http::string_body> make_request(const config::endpoint& node,
                                              const http_request& what) {
  http::request<http::string_body> out;
  out.method_string(what.method);
  out.target(what.target);
  out.set(http::field::host, node.str());
  out.set(http::field::user_agent, "iris");
  if (!what.token.empty())
    out.set(http::field::authorization, "Bearer " + what.token);
  if (!what.body.empty())
    out.set(http::field::content_type, "application/json");
  out.keep_alive(false);
  out.body() = what.body;
  out.prepare_payload();
  return out;
}

/// Whoever doesn't answer in HTTP is as little a node as nobody.
error to_error(const beast::system_error& x, const config::endpoint& node) {
  if (x.code() == beast::error::timeout)
    return {errc::timed_out, node.str() + ": expected an answer in time"};
  return {errc::no_connection, node.str() + ": " + x.code().message()
                                 + ", expected a node's admin listener"};
}

asio::awaitable<void> exchange(tcp::resolver::results_type to,
                               http::request<http::string_body> request,
                               std::chrono::milliseconds at_most,
                               http_answer& out) {
  beast::tcp_stream stream{co_await asio::this_coro::executor};
  stream.expires_after(at_most);
  co_await stream.async_connect(to, asio::use_awaitable);
  co_await http::async_write(stream, request, asio::use_awaitable);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(answer_bytes_max);
  co_await http::async_read(stream, buffer, parser, asio::use_awaitable);
  auto answer = parser.release();
  out = {answer.result_int(), std::move(answer.body())};
}

} // namespace

result<config::endpoint> parse_admin_url(const std::string& text) {
  constexpr std::string_view scheme = "http://";
  std::string_view rest{text};
  if (rest.starts_with(scheme)) {
    rest.remove_prefix(scheme.size());
    if (rest.ends_with('/'))
      rest.remove_suffix(1);
    auto found = config::endpoint::parse(rest);
    if (found && !found->off() && found->port != 0)
      return *found;
  }
  return error{errc::usage,
               "expected an address like http://127.0.0.1:7380, found '" + text
                 + "'"};
}

result<http_answer> call(const config::endpoint& node, const http_request& what,
                         std::chrono::milliseconds at_most) {
  asio::io_context io{1};
  http_answer out;
  std::exception_ptr thrown;
  try {
    // A name is looked up before the clock runs: Asio can't interrupt that.
    auto to = tcp::resolver{io}.resolve(node.host, std::to_string(node.port));
    asio::co_spawn(io, exchange(to, make_request(node, what), at_most, out),
                   [&thrown](std::exception_ptr x) { thrown = std::move(x); });
    io.run();
    if (thrown)
      std::rethrow_exception(thrown);
  } catch (const beast::system_error& x) {
    return to_error(x, node);
  }
  return out;
}

error failure_of(const http_answer& x) {
  auto said = nlohmann::json::parse(x.body, nullptr, false);
  auto code = static_cast<errc>(0);
  std::string text =
    "the node answered with HTTP status " + std::to_string(x.status);
  if (said.is_object()) {
    if (said.contains("code") && said["code"].is_number_unsigned())
      code = static_cast<errc>(said["code"].get<std::uint16_t>());
    if (said.contains("text") && said["text"].is_string())
      text = said["text"].get<std::string>();
  }
  if (code != errc::none)
    return {code, std::move(text)};
  switch (x.status) {
  case 401:
    return {errc::unauthenticated, std::move(text)};
  case 403:
    return {errc::forbidden, std::move(text)};
  default:
    // What is asked for is there at every node: this is none, or one of its
    // ports for clients.
    if (x.status / 100 == 4)
      return {errc::no_connection, "expected a node's admin listener, found an "
                                   "answer in HTTP with status "
                                     + std::to_string(x.status)};
    return {errc::internal, std::move(text)};
  }
}

} // namespace iris::cli
