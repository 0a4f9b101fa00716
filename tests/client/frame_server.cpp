#include "tests/client/frame_server.hpp"

#include "protocol/codec.hpp"
#include "protocol/framer.hpp"

#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <algorithm>
#include <array>
#include <deque>

namespace iris::client {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;

template <class Stream>
constexpr bool is_websocket = false;
template <class Lower>
constexpr bool is_websocket<websocket::stream<Lower>> = true;

template <class Stream>
class stream_peer final
  : public peer,
    public std::enable_shared_from_this<stream_peer<Stream>> {
public:
  template <class... Ts>
  explicit stream_peer(frame_server::answer with, Ts&&... stream)
    : answer_(std::move(with)), stream_(std::forward<Ts>(stream)...) {}

  void start() {
    if constexpr (std::is_same_v<Stream, tcp::socket>)
      read();
    else if constexpr (!is_websocket<Stream>)
      secure(stream_, [](auto& x) { x.read(); });
    else if constexpr (std::is_same_v<typename Stream::next_layer_type,
                                      tcp::socket>)
      upgrade();
    else
      secure(stream_.next_layer(), [](auto& x) { x.upgrade(); });
  }

  void send(const protocol::server_frame& frame) override {
    std::string bytes;
    if constexpr (is_websocket<Stream>)
      protocol::encode(frame, bytes);
    else
      protocol::encode_framed(frame, bytes);
    send_bytes(std::move(bytes), false);
  }

  void send_bytes(std::string bytes, bool text) override {
    out_.emplace_back(std::move(bytes), text);
    if (out_.size() == 1)
      write();
  }

  void close() override {
    error_code ignored;
    beast::get_lowest_layer(stream_).close(ignored);
  }

  void cut() override {
    error_code ignored;
    beast::get_lowest_layer(stream_).set_option(
      asio::socket_base::linger{true, 0}, ignored);
    close();
  }

private:
  using self_ptr = std::shared_ptr<stream_peer>;

  template <class Lower, class F>
  void secure(Lower& lower, F then) {
    lower.async_handshake(
      asio::ssl::stream_base::server,
      [self = this->shared_from_this(), then](const error_code& failed) {
        if (!failed)
          then(*self);
      });
  }

  void upgrade() {
    if constexpr (is_websocket<Stream>)
      stream_.async_accept(
        [self = this->shared_from_this()](const error_code& failed) {
          if (!failed)
            self->read();
        });
  }

  void read() {
    auto then = [self = this->shared_from_this()](const error_code& failed,
                                                  std::size_t n) {
      if (failed)
        return;
      ++self->reads;
      self->take(n);
      self->read();
    };
    if constexpr (is_websocket<Stream>)
      stream_.async_read(message_, then);
    else
      stream_.async_read_some(asio::buffer(*bytes_), then);
  }

  void take(std::size_t n) {
    if constexpr (is_websocket<Stream>) {
      auto bytes = message_.cdata();
      one({static_cast<const char*>(bytes.data()), bytes.size()});
      message_.consume(message_.size());
    } else {
      (void)framer_.feed({bytes_->data(), n}, [this](std::string_view x) {
        one(x);
        return true;
      });
    }
  }

  void one(std::string_view bytes) {
    auto frame = protocol::decode_client(bytes);
    if (!frame)
      throw std::logic_error(to_string(frame.failure()));
    frames.push_back(*frame);
    answer_(*this, frames.back());
  }

  void write() {
    auto then = [self = this->shared_from_this()](const error_code& failed,
                                                  std::size_t) {
      self->out_.pop_front();
      if (!failed && !self->out_.empty())
        self->write();
    };
    auto bytes = asio::buffer(out_.front().first);
    if constexpr (is_websocket<Stream>) {
      stream_.text(out_.front().second);
      stream_.async_write(bytes, then);
    } else {
      asio::async_write(stream_, bytes, then);
    }
  }

  frame_server::answer answer_;
  Stream stream_;
  protocol::framer framer_;
  beast::flat_buffer message_;
  std::unique_ptr<std::array<char, 65536>> bytes_ =
    std::make_unique<std::array<char, 65536>>();
  std::deque<std::pair<std::string, bool>> out_;
};

template <class Stream, class... Ts>
std::shared_ptr<peer> begin(const frame_server::answer& with, Ts&&... stream) {
  auto out =
    std::make_shared<stream_peer<Stream>>(with, std::forward<Ts>(stream)...);
  out->start();
  return out;
}

std::shared_ptr<peer> begin_secure(const std::string& scheme,
                                   const frame_server::answer& with,
                                   tcp::socket socket, SSL_CTX* tls) {
  SSL_CTX_up_ref(tls);
  asio::ssl::context context{tls};
  using lower = beast::ssl_stream<tcp::socket>;
  if (scheme == "tls")
    return begin<asio::ssl::stream<tcp::socket>>(with, std::move(socket),
                                                 context);
  return begin<websocket::stream<lower>>(with, std::move(socket), context);
}

} // namespace

frame_server::frame_server(asio::io_context& io, std::string scheme,
                           answer with, SSL_CTX* tls)
  : scheme_(std::move(scheme)), answer_(std::move(with)), tls_(tls),
    acceptor_(io, {asio::ip::make_address("127.0.0.1"), 0}) {
  accept();
}

std::string frame_server::url(const std::string& host) const {
  return scheme_ + "://" + host + ':'
         + std::to_string(acceptor_.local_endpoint().port());
}

void frame_server::accept() {
  acceptor_.async_accept([this](const error_code& failed, tcp::socket socket) {
    if (failed)
      return;
    if (tls_ != nullptr)
      peers.push_back(begin_secure(scheme_, answer_, std::move(socket), tls_));
    else if (scheme_ == "tcp")
      peers.push_back(begin<tcp::socket>(answer_, std::move(socket)));
    else
      peers.push_back(
        begin<websocket::stream<tcp::socket>>(answer_, std::move(socket)));
    accept();
  });
}

void friendly_node(peer& to, const protocol::client_frame& frame) {
  auto alice = *user_id::parse("alice");
  if (std::holds_alternative<protocol::hello>(frame)) {
    protocol::welcome out;
    out.time_ms = {1'735'689'600'000};
    to.send(out);
  } else if (const auto* auth = std::get_if<protocol::auth>(&frame)) {
    to.send(protocol::ready{alice, auth->device, {}, {}, {}});
  } else if (const auto* send = std::get_if<protocol::send>(&frame)) {
    auto n = static_cast<std::uint64_t>(
      std::count_if(to.frames.begin(), to.frames.end(), [](const auto& x) {
        return std::holds_alternative<protocol::send>(x);
      }));
    protocol::item item;
    item.conversation = direct_conversation(alice, *send->to);
    item.seq = {n};
    item.from = alice;
    item.device = *device_id::parse("phone");
    item.id = send->id;
    item.body = send->body;
    to.send(protocol::sent{send->id, item.conversation, {n}, {}, false});
    to.send(protocol::items{{n}, {item}});
  }
}

} // namespace iris::client
