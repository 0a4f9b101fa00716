#include "edge/websocket_wire.hpp"

#include "edge/exclusive_stream.hpp"
#include "edge/farewell.hpp"
#include "edge/inbound.hpp"
#include "edge/peer.hpp"

#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

namespace iris::edge {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

using error_code = boost::system::error_code;
using asio::ip::tcp;

/// A message in one frame, as a server sends it (RFC 6455, section 5.2):
///   0x82 | length below 126                    | payload
///   0x82 | 126 | length, 2 bytes, big-endian   | payload
///   0x82 | 127 | length, 8 bytes, big-endian   | payload
void append_message(std::string& to, std::string_view payload) {
  auto n = payload.size();
  auto length_bytes = n < 126 ? 0 : n <= UINT16_MAX ? 2 : 8;
  auto length = length_bytes == 0 ? n : length_bytes == 2 ? 126 : 127;
  to.push_back('\x82');
  to.push_back(static_cast<char>(length));
  for (auto i = length_bytes - 1; i >= 0; --i)
    to.push_back(static_cast<char>(n >> (8 * i)));
  to.append(payload);
}

/// Everything runs on its io_thread; see stream_wire for the life cycle.
template <class Lower>
class websocket_wire final
  : public actors::wire,
    public std::enable_shared_from_this<websocket_wire<Lower>> {
public:
  template <class... Ts>
  websocket_wire(io_thread& home, const actors::environment& env,
                 closed_callback on_closed, Ts&&... lower)
    : home_(home), env_(env), on_closed_(std::move(on_closed)),
      stream_(std::forward<Ts>(lower)...) {
    // Beast closes at once what is above its own bound: see read.
    stream_.read_message_max(0);
    stream_.next_layer().before_reads([this] { hand_over(); });
    // Answering these may take a while.
    stream_.control_callback([this](auto, auto) { hand_over(); });
    error_code ignored;
    beast::get_lowest_layer(stream_).set_option(tcp::no_delay(true), ignored);
  }

  void start(actors::connection_actor owner, std::size_t output_bytes_max) {
    owner_ = std::move(owner);
    output_bytes_max_ = output_bytes_max;
    if constexpr (std::is_same_v<Lower, tcp_socket>)
      accept();
    else
      stream_.next_layer().next_layer().async_handshake(
        asio::ssl::stream_base::server,
        guarded([](websocket_wire& x) { x.accept(); }));
  }

  void send(std::string_view frame) override {
    if (closing_ || shut_)
      return;
    append_message(out_, frame);
    // Also behind a write that is under way.
    if (queued() >= output_bytes_max_)
      congested_ = true;
    if (!open_ || std::exchange(flush_scheduled_, true))
      return;
    // Later in this turn, so that more messages can join.
    home_.post([weak = this->weak_from_this()] {
      if (auto self = weak.lock(); self && !self->shut_)
        self->flush();
    });
  }

  void resume() override {
    under_way_ = false;
    if (!reading_)
      read_on();
  }

  void logged_in() override {
    frame_bytes_max_ = protocol::limits::frame_bytes_max;
  }

  std::size_t queued() const override { return leaving_.size() + out_.size(); }
  std::string peer() const override {
    return peer_of(beast::get_lowest_layer(stream_));
  }

  void close() override {
    if (std::exchange(closing_, true) || shut_)
      return;
    farewell::begin(home_, this->shared_from_this());
    // A handshake is to end first: the client is told why.
    if (open_ && !flush_scheduled_)
      flush();
  }

  /// For the farewell: bytes that the client has not got yet.
  std::size_t left() {
    return queued() + unacknowledged(beast::get_lowest_layer(stream_));
  }

  void shut() {
    if (std::exchange(shut_, true))
      return;
    error_code ignored;
    beast::get_lowest_layer(stream_).close(ignored);
    if (owner_)
      caf::anon_send(std::exchange(owner_, nullptr), actors::disconnected{});
    if (on_closed_)
      std::exchange(on_closed_, nullptr)();
  }

private:
  /// A handler that ends the connection on failure.
  template <class F>
  auto guarded(F then) {
    return [self = this->shared_from_this(), then](error_code failed,
                                                   std::size_t = 0) {
      if (failed)
        self->shut();
      else if (!self->shut_)
        then(*self);
    };
  }

  void accept() {
    stream_.async_accept(guarded([](websocket_wire& x) {
      x.open_ = true;
      x.flush();
      x.read_on();
    }));
  }

  /// Messages that Beast has in hand join what is handed over; it has none left
  /// when it reads from below.
  void read_on() {
    if (closing_ || shut_ || under_way_)
      return;
    if (broken_)
      hand_over();
    else
      read();
  }

  /// In parts, to see a message grow: one above the limit is to be told so,
  /// which Beast would not wait for. One byte more than the limit tells.
  void read() {
    reading_ = true;
    stream_.async_read_some(
      buffer_, frame_bytes_max_ + 1 - buffer_.size(),
      [self = this->shared_from_this()](error_code failed, std::size_t n) {
        self->on_read(failed, n);
      });
  }

  void on_read(error_code failed, std::size_t n) {
    reading_ = false;
    if (shut_)
      return;
    if (failed) {
      hand_over();
      return shut();
    }
    env_.metrics.bytes_in.add(n);
    take();
    read_on();
  }

  void take() {
    if (stream_.got_text())
      return refuse({errc::bad_frame, "expected binary messages, found text"});
    // That may have grown while this was read.
    if (buffer_.size() > frame_bytes_max_)
      return refuse({errc::frame_too_large, "expected a message of at most "
                                              + std::to_string(frame_bytes_max_)
                                              + " bytes"});
    if (!stream_.is_message_done())
      return;
    auto bytes = buffer_.cdata();
    broken_ = !decode_into(
      inbound_, {static_cast<const char*>(bytes.data()), bytes.size()});
    buffer_.consume(buffer_.size());
    buffer_.shrink_to_fit();
  }

  void refuse(const error& why) {
    broken(inbound_, why);
    broken_ = true;
  }

  void hand_over() {
    if (closing_ || under_way_ || inbound_.frames.empty())
      return;
    under_way_ = true;
    caf::anon_send(owner_, std::exchange(inbound_, {}));
  }

  /// Not by Beast, which writes each message on its own (boostorg/beast#2033).
  void flush() {
    flush_scheduled_ = !out_.empty();
    if (flush_scheduled_) {
      leaving_.swap(out_);
      return stream_.next_layer().async_write_some(
        asio::buffer(leaving_),
        guarded([](websocket_wire& x) { x.on_flushed(); }));
    }
    if (closing_)
      return say_goodbye();
    if (std::exchange(congested_, false) && owner_)
      caf::anon_send(owner_, actors::output_drained{});
  }

  void on_flushed() {
    env_.metrics.bytes_out.add(leaving_.size());
    // An idle connection holds no buffer.
    std::string{}.swap(leaving_);
    flush();
  }

  void say_goodbye() {
    stream_.async_close(websocket::close_code::normal,
                        guarded([](websocket_wire& x) { x.shut(); }));
  }

  io_thread& home_;
  const actors::environment& env_;
  closed_callback on_closed_;
  websocket::stream<exclusive_stream<Lower>> stream_;
  actors::connection_actor owner_;
  std::size_t output_bytes_max_ = 0;
  std::size_t frame_bytes_max_ = protocol::limits::login_frame_bytes_max;
  beast::flat_buffer buffer_; ///< bounded by read
  actors::inbound inbound_;   ///< read, and not handed over yet
  std::string out_;           ///< messages that wait
  std::string leaving_;       ///< those that are being written
  bool open_ = false;
  bool reading_ = false;
  bool under_way_ = false;       ///< the owner has not said `resume` yet
  bool broken_ = false;          ///< nothing more is read
  bool flush_scheduled_ = false; ///< or under way
  bool congested_ = false;
  bool closing_ = false;
  bool shut_ = false;
};

template <class Wire>
unstarted hold(std::shared_ptr<Wire> wire) {
  auto start = [wire](actors::connection_actor owner, std::size_t bytes) {
    wire->start(std::move(owner), bytes);
  };
  return {wire, std::move(start)};
}

/// SSL_CTX belongs to somebody else; Asio wants to own a reference.
asio::ssl::context borrowed(SSL_CTX* context) {
  SSL_CTX_up_ref(context);
  return asio::ssl::context{context};
}

} // namespace

unstarted make_websocket(io_thread& home, tcp_socket with,
                         const actors::environment& env,
                         closed_callback on_closed) {
  return hold(std::make_shared<websocket_wire<tcp_socket>>(
    home, env, std::move(on_closed), std::move(with)));
}

unstarted make_secure_websocket(io_thread& home, tcp_socket with,
                                const actors::environment& env,
                                closed_callback on_closed, SSL_CTX* context) {
  auto reference = borrowed(context);
  using lower = asio::ssl::stream<tcp_socket>;
  return hold(std::make_shared<websocket_wire<lower>>(
    home, env, std::move(on_closed), std::move(with), reference));
}

} // namespace iris::edge
