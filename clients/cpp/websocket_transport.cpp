#include "clients/cpp/websocket_transport.hpp"

#include "clients/cpp/dialler.hpp"
#include "clients/cpp/patient_stream.hpp"
#include "clients/cpp/reasons.hpp"
#include "protocol/codec.hpp"

#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <deque>

namespace iris::client {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

using error_code = boost::system::error_code;
using asio::ip::tcp;
using plain_socket = tcp::socket;
using secure_socket = beast::ssl_stream<tcp::socket>;

/// A node that doesn't take our last frames by then doesn't get them.
constexpr auto linger = std::chrono::seconds{5};

/// OpenSSL's reason for a handshake that failed, or 0.
int tls_reason(error_code failed) {
  if (failed == asio::ssl::error::stream_truncated)
    return SSL_R_UNEXPECTED_EOF_WHILE_READING;
  auto of_tls = failed.category() == asio::error::get_ssl_category();
  return of_tls ? ERR_GET_REASON(failed.value()) : 0;
}

/// Whether somebody answered whose bytes are no HTTP.
bool is_no_http(error_code failed) {
  using beast::http::error;
  return failed.category() == make_error_code(error::bad_version).category()
         && failed != error::end_of_stream && failed != error::partial_message;
}

/// Life cycle: dialled, TLS if secure, upgraded, then one read and at most one
/// write at a time until one side closes.
template <class Lower>
class websocket_transport final
  : public transport,
    public std::enable_shared_from_this<websocket_transport<Lower>> {
public:
  template <class... Ts>
  websocket_transport(url where, std::shared_ptr<const tls_context> tls,
                      listener& to, Ts&&... lower)
    : where_(std::move(where)), tls_(std::move(tls)), listener_(&to),
      stream_(std::forward<Ts>(lower)...) {
    stream_.binary(true);
    stream_.auto_fragment(false);
    stream_.read_message_max(protocol::limits::frame_bytes_max);
  }

  void start() {
    dial(beast::get_lowest_layer(stream_), where_,
         guarded([](auto& x) { x.secure(); }));
  }

  void send(const protocol::client_frame& frame) override {
    if (listener_ == nullptr)
      return;
    protocol::encode(frame, out_.emplace_back());
    if (!writing_)
      write();
  }

  void close() override {
    if (std::exchange(listener_, nullptr) == nullptr)
      return;
    if (!open_)
      return shut();
    // What is queued and the close frame go out in the background.
    linger_.expires_after(linger);
    linger_.async_wait(
      [weak = this->weak_from_this()](const error_code& cancelled) {
        if (auto self = weak.lock(); self && !cancelled)
          self->shut();
      });
    if (!writing_)
      say_goodbye();
  }

private:
  /// A handler that ends the connection on failure.
  template <class F>
  auto guarded(F then) {
    return [self = this->shared_from_this(), then](error_code failed,
                                                   std::size_t = 0) {
      if (self->listener_ == nullptr)
        return;
      if (failed)
        self->fail(self->reason(failed));
      else
        then(*self);
    };
  }

  error reason(error_code failed) {
    if constexpr (std::is_same_v<Lower, secure_socket>)
      if (auto why = tls_reason(failed); !secured_ && why != 0)
        return tls_context::failure(lower().native_handle(), why);
    auto closed = failed == beast::http::error::end_of_stream
                  || failed == asio::error::connection_reset;
    if (closed && !open_ && std::is_same_v<Lower, plain_socket>)
      return {errc::no_connection, std::string{reasons::silent}};
    if (!open_ && failed == websocket::error::upgrade_declined)
      return {errc::no_connection, std::string{reasons::declined}
                                     + std::to_string(answer_.result_int())};
    if (!open_ && is_no_http(failed))
      return {errc::no_connection, std::string{reasons::not_websocket}};
    if (failed == websocket::error::message_too_big)
      return {errc::frame_too_large,
              "expected a message of at most "
                + std::to_string(protocol::limits::frame_bytes_max) + " bytes"};
    return network_error(failed);
  }

  Lower& lower() { return stream_.next_layer().next_layer(); }

  void secure() {
    if constexpr (std::is_same_v<Lower, plain_socket>) {
      upgrade();
    } else {
      tls_context::expect_host(lower().native_handle(), where_.host);
      lower().async_handshake(asio::ssl::stream_base::client,
                              guarded([](auto& x) {
                                x.secured_ = true;
                                x.upgrade();
                              }));
    }
  }

  void upgrade() {
    auto colon = where_.host.find(':') != std::string::npos;
    auto host =
      (colon ? '[' + where_.host + ']' : where_.host) + ':' + where_.port;
    stream_.async_handshake(answer_, host, where_.path, guarded([](auto& x) {
                              x.open_ = true;
                              x.listener_->link_up();
                              x.read();
                            }));
  }

  void read() {
    if (listener_ != nullptr)
      stream_.async_read(buffer_, guarded([](auto& x) { x.on_read(); }));
  }

  void on_read() {
    if (stream_.got_text())
      return fail({errc::bad_frame, "expected binary messages, found text"});
    auto bytes = buffer_.cdata();
    listener_->receive({static_cast<const char*>(bytes.data()), bytes.size()});
    buffer_.consume(buffer_.size());
    if (listener_ != nullptr)
      listener_->received_all();
    read();
  }

  void write() {
    writing_ = true;
    stream_.async_write(
      asio::buffer(out_.front()),
      [self = this->shared_from_this()](error_code failed, std::size_t) {
        self->on_written(failed);
      });
  }

  void on_written(error_code failed) {
    writing_ = false;
    out_.pop_front();
    if (failed)
      return listener_ == nullptr ? shut() : fail(reason(failed));
    if (!out_.empty())
      return write();
    if (listener_ == nullptr)
      say_goodbye();
  }

  void say_goodbye() {
    stream_.async_close(
      websocket::close_code::normal,
      [self = this->shared_from_this()](const error_code&) { self->shut(); });
  }

  void fail(error why) {
    auto* to = std::exchange(listener_, nullptr);
    shut();
    to->link_down(std::move(why));
  }

  void shut() {
    error_code ignored;
    linger_.cancel(ignored);
    beast::get_lowest_layer(stream_).close(ignored);
  }

  const url where_;
  const std::shared_ptr<const tls_context> tls_;
  listener* listener_; ///< null once closed
  websocket::stream<patient_stream<Lower>> stream_;
  websocket::response_type answer_; ///< to the upgrade
  asio::steady_timer linger_{stream_.get_executor()};
  // Bounded by read_message_max; a bound of its own would be met first, and
  // be another error.
  beast::flat_buffer buffer_;
  std::deque<std::string> out_;
  bool secured_ = false;
  bool open_ = false;
  bool writing_ = false;
};

template <class Lower, class... Ts>
std::shared_ptr<transport> begin(Ts&&... arguments) {
  auto out = std::make_shared<websocket_transport<Lower>>(
    std::forward<Ts>(arguments)...);
  out->start();
  return out;
}

/// The context belongs to somebody else; Asio wants to own a reference.
asio::ssl::context borrowed(const tls_context& tls) {
  SSL_CTX_up_ref(tls.get());
  return asio::ssl::context{tls.get()};
}

} // namespace

std::shared_ptr<transport>
connect_websocket(asio::io_context& io, url where,
                  std::shared_ptr<const tls_context> tls, listener& to) {
  if (!where.secure)
    return begin<plain_socket>(std::move(where), nullptr, to, io);
  auto reference = borrowed(*tls);
  return begin<secure_socket>(std::move(where), std::move(tls), to, io,
                              reference);
}

} // namespace iris::client
