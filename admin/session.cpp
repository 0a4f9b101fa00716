#include "admin/session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <array>

namespace iris::admin {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;
using parser_type = http::request_parser<http::string_body>;

/// `co_await f(…, into(failed))` reports through the error code.
auto into(error_code& failed) {
  return asio::redirect_error(asio::use_awaitable, failed);
}

std::string text_of(std::chrono::milliseconds x) {
  return x.count() % 1000 == 0 ? std::to_string(x.count() / 1000) + " s"
                               : std::to_string(x.count()) + " ms";
}

std::string_view view(boost::beast::string_view x) {
  return {x.data(), x.size()};
}

/// How an answer is to be written.
struct framing {
  unsigned version = 11;
  bool keep_alive = false;
  bool without_body = false;
};

class session : public connection,
                public std::enable_shared_from_this<session> {
public:
  /// `among`, of the shared state, counts it for as long as it lives.
  session(std::shared_ptr<shared_state> shared, tcp::socket socket,
          std::set<connection*>& among)
    : shared_(std::move(shared)), among_(among), socket_(std::move(socket)),
      watchdog_(socket_.get_executor()),
      buffer_(2 * std::size_t{shared_->options.header_bytes_max}) {
    among_.insert(this);
  }
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  ~session() override { among_.erase(this); }

  void stop() override {
    if (reading_)
      cancel(watches_);
  }

  awaitable<bool> exchange();
  awaitable<bool> write(answer given, framing as);

private:
  awaitable<void> hang_up();
  awaitable<error_code> read(parser_type& parser);
  void route(const parser_type::value_type& message, router::reply done) const;
  std::optional<answer> refusal_of(error_code failed, bool begun) const;
  answer late() const;

  void watch(std::chrono::milliseconds at_most);
  void unwatch();
  void cancel(std::uint64_t watch);

  std::shared_ptr<shared_state> shared_;
  std::set<connection*>& among_;
  tcp::socket socket_;
  asio::steady_timer watchdog_;
  std::uint64_t watches_ = 0;
  boost::beast::flat_buffer buffer_;
  bool reading_ = false;
};

/// One request and its answer. False if it was the last.
awaitable<bool> session::exchange() {
  parser_type parser;
  parser.header_limit(shared_->options.header_bytes_max);
  parser.body_limit(shared_->options.body_bytes_max);
  auto failed = co_await read(parser);
  if (failed) {
    auto refusal = refusal_of(failed, parser.got_some());
    if (refusal)
      co_await write(std::move(*refusal), framing{});
    co_return false;
  }
  const auto& message = parser.get();
  std::function<void(router::reply)> ask = [&](router::reply done) {
    route(message, std::move(done));
  };
  auto given = co_await shared_->pending->wait(shared_->options.answer_timeout,
                                               std::move(ask));
  if (!given)
    given = late();
  framing as{message.version(), message.keep_alive(),
             message.method() == http::verb::head};
  co_return co_await write(std::move(*given), as);
}

awaitable<error_code> session::read(parser_type& parser) {
  constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  error_code failed;
  if (shared_->stopping)
    co_return asio::error::operation_aborted;
  reading_ = true;
  watch(shared_->options.read_timeout);
  co_await http::async_read_header(socket_, buffer_, parser, into(failed));
  auto waits =
    boost::beast::iequals(parser.get()[http::field::expect], "100-continue");
  if (!failed && waits && !parser.is_done())
    co_await asio::async_write(
      socket_, asio::buffer(go_on.data(), go_on.size()), into(failed));
  if (!failed)
    co_await http::async_read(socket_, buffer_, parser, into(failed));
  unwatch();
  reading_ = false;
  co_return failed;
}

void session::route(const parser_type::value_type& message,
                    router::reply done) const {
  shared_->routes.route({view(message.method_string()), view(message.target()),
                         view(message[http::field::authorization]),
                         message.body()},
                        std::move(done));
}

/// What to tell a client whose request couldn't be read; nothing if it is
/// gone or had not begun one.
std::optional<answer> session::refusal_of(error_code failed, bool begun) const {
  const auto& options = shared_->options;
  if (failed == http::error::header_limit
      || failed == http::error::buffer_overflow)
    return failure(
      431, {errc::frame_too_large, "expected at most "
                                     + std::to_string(options.header_bytes_max)
                                     + " bytes of request line or fields"});
  if (failed == http::error::body_limit)
    return failure(413,
                   {errc::body_too_large,
                    "expected at most " + std::to_string(options.body_bytes_max)
                      + " bytes of body"});
  if (!begun)
    return std::nullopt;
  if (failed == asio::error::operation_aborted && shared_->stopping)
    return failure(503, {errc::draining, "the node is stopping"});
  if (failed == asio::error::operation_aborted)
    return failure(408, {errc::timed_out, "expected the whole request within "
                                            + text_of(options.read_timeout)});
  if (failed.category() == make_error_code(http::error::bad_value).category())
    return failure(400, {errc::bad_frame, "expected an HTTP/1.1 request, got "
                                            + failed.message()});
  return std::nullopt;
}

answer session::late() const {
  return failure(504, {errc::deadline_exceeded,
                       "expected the node to answer within "
                         + text_of(shared_->options.answer_timeout)});
}

/// False if this was the last answer of the connection.
awaitable<bool> session::write(answer given, framing as) {
  http::response<http::string_body> out;
  out.version(as.version);
  out.result(given.status);
  out.set(http::field::content_type, given.type);
  out.set(http::field::cache_control, "no-store");
  for (const auto& [name, value] : given.headers)
    out.set(name, value);
  bool keep = as.keep_alive && !shared_->stopping;
  out.keep_alive(keep);
  out.content_length(given.body.size());
  if (!as.without_body)
    out.body() = std::move(given.body);
  error_code failed;
  watch(shared_->options.read_timeout);
  co_await http::async_write(socket_, out, into(failed));
  unwatch();
  if (!keep && !failed)
    co_await hang_up();
  co_return keep && !failed;
}

/// Closing with unread input resets the connection, and the reset may overtake
/// the answer: so say that no more will come, and read on for a little while.
awaitable<void> session::hang_up() {
  constexpr std::size_t bytes_max = 256 * 1024;
  std::array<char, 4096> scratch;
  error_code failed;
  socket_.shutdown(tcp::socket::shutdown_send, failed);
  watch(std::chrono::seconds{1});
  for (std::size_t bytes = 0; !failed && bytes < bytes_max;)
    bytes += co_await socket_.async_read_some(
      asio::buffer(scratch.data(), scratch.size()), into(failed));
  unwatch();
}

/// Cancels what the socket is doing when the time is over.
void session::watch(std::chrono::milliseconds at_most) {
  watchdog_.expires_after(at_most);
  // A timer that has just fired can't be cancelled any more: hence the number.
  watchdog_.async_wait(
    [weak = weak_from_this(), mine = ++watches_](error_code cancelled) {
      if (auto self = weak.lock(); self && !cancelled)
        self->cancel(mine);
    });
}

void session::unwatch() {
  ++watches_;
  watchdog_.cancel();
}

/// Ends what is watched, which may be many steps. A step that is done but was
/// not told yet can't be cancelled, and the next would wait for ever: so again,
/// behind what is to be told, until it is over.
void session::cancel(std::uint64_t watch) {
  if (watches_ != watch)
    return;
  error_code ignored;
  socket_.cancel(ignored);
  asio::post(socket_.get_executor(), [weak = weak_from_this(), watch] {
    if (auto self = weak.lock())
      self->cancel(watch);
  });
}

awaitable<void> run(std::shared_ptr<session> self) {
  for (bool more = true; more;)
    more = co_await self->exchange();
}

awaitable<void> run(std::shared_ptr<session> self, answer refusal) {
  co_await self->write(std::move(refusal), framing{});
}

} // namespace

void serve(std::shared_ptr<shared_state> shared, tcp::socket socket) {
  auto executor = socket.get_executor();
  auto& among = shared->served;
  auto self =
    std::make_shared<session>(std::move(shared), std::move(socket), among);
  asio::co_spawn(executor, run(std::move(self)), asio::detached);
}

void turn_away(std::shared_ptr<shared_state> shared, tcp::socket socket) {
  auto executor = socket.get_executor();
  auto max = std::to_string(shared->options.connections_max);
  auto refusal = failure(
    503, {errc::overloaded, "expected at most " + max + " connections"});
  auto& among = shared->turned_away;
  auto self =
    std::make_shared<session>(std::move(shared), std::move(socket), among);
  asio::co_spawn(executor, run(std::move(self), std::move(refusal)),
                 asio::detached);
}

} // namespace iris::admin
