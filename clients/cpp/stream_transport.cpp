#include "clients/cpp/stream_transport.hpp"

#include "clients/cpp/dialler.hpp"
#include "clients/cpp/reasons.hpp"
#include "protocol/codec.hpp"

#include <boost/asio/post.hpp>

namespace iris::client {

namespace {

using net::io_status;
using net::plain_stream;
using net::tls_stream;

constexpr std::size_t read_bytes = 64 * 1024;
/// Reads of one connection before it is the neighbours' turn.
constexpr int reads_per_turn = 4;
/// A buffer that grew beyond this is given back when it is empty.
constexpr std::size_t kept_bytes = 64 * 1024;

/// Between reads a connection needs no buffer: all of a thread share one.
char* scratch() {
  thread_local std::string buffer(read_bytes, '\0');
  return buffer.data();
}

} // namespace

template <class Stream>
stream_transport<Stream>::stream_transport(
  boost::asio::io_context& io, url where,
  std::shared_ptr<const tls_context> tls, listener& to)
  : where_(std::move(where)), tls_(std::move(tls)), listener_(&to),
    socket_(io) {
  // nop
}

template <class Stream>
void stream_transport<Stream>::start() {
  dial(
    socket_, where_,
    [self = this->shared_from_this()](const boost::system::error_code& failed) {
      if (self->listener_ == nullptr)
        return;
      if (failed)
        return self->fail(network_error(failed));
      self->attach();
      self->handshake();
    });
}

template <class Stream>
template <class F>
void stream_transport<Stream>::wait(socket::wait_type what, F then) {
  socket_.async_wait(what, [self = this->shared_from_this(),
                            then](const boost::system::error_code& failed) {
    if (self->listener_ == nullptr)
      return;
    if (failed)
      self->fail(network_error(failed));
    else
      then(*self);
  });
}

template <class Stream>
template <class F>
void stream_transport<Stream>::wait_for(io_status what, F then) {
  wait(what == io_status::wants_read ? socket::wait_read : socket::wait_write,
       then);
}

template <class Stream>
void stream_transport<Stream>::attach() {
  auto descriptor = socket_.native_handle();
  if constexpr (std::is_same_v<Stream, tls_stream>) {
    stream_.emplace(descriptor, tls_->get(), net::tls_side::client);
    tls_context::expect_host(stream_->handle(), where_.host);
  } else {
    stream_.emplace(descriptor);
  }
}

template <class Stream>
error stream_transport<Stream>::failure() {
  if constexpr (std::is_same_v<Stream, tls_stream>)
    return tls_context::failure(stream_->handle(), stream_->failure());
  return {};
}

template <class Stream>
error stream_transport<Stream>::closed() const {
  if (!heard_)
    return {errc::no_connection, std::string{reasons::silent}};
  return {errc::no_connection, "the node closed the connection"};
}

template <class Stream>
void stream_transport<Stream>::handshake() {
  auto went = stream_->handshake();
  if (went.status == io_status::closed)
    return fail(failure());
  if (went.status != io_status::done)
    return wait_for(went.status, [](auto& x) { x.handshake(); });
  listener_->link_up();
  if (listener_ != nullptr)
    read();
}

template <class Stream>
void stream_transport<Stream>::read() {
  for (int i = 0; i < reads_per_turn; ++i) {
    auto got = stream_->read(scratch(), read_bytes);
    if (got.status == io_status::closed)
      return fail(closed());
    if (got.status != io_status::done)
      return wait_for(got.status, [](auto& x) { x.read(); });
    std::string_view bytes{scratch(), got.bytes};
    // As frames these four bytes would be the length of one.
    if (!std::exchange(heard_, true) && bytes.starts_with("HTTP"))
      return fail({errc::no_connection, std::string{reasons::web_server}});
    take(bytes);
    if (listener_ == nullptr)
      return;
  }
  boost::asio::post(socket_.get_executor(), [self = this->shared_from_this()] {
    if (self->listener_ != nullptr)
      self->read();
  });
}

template <class Stream>
void stream_transport<Stream>::take(std::string_view bytes) {
  auto fed = framer_.feed(bytes, [this](std::string_view frame) {
    listener_->receive(frame);
    return listener_ != nullptr;
  });
  if (listener_ == nullptr)
    return;
  listener_->received_all();
  if (!fed && listener_ != nullptr)
    fail(std::move(fed).failure());
}

template <class Stream>
void stream_transport<Stream>::send(const protocol::client_frame& frame) {
  if (listener_ == nullptr || deaf_)
    return;
  protocol::encode_framed(frame, out_);
  if (std::exchange(flush_scheduled_, true))
    return;
  // Later in this turn, so that more frames can join.
  boost::asio::post(socket_.get_executor(), [self = this->shared_from_this()] {
    if (self->listener_ != nullptr)
      self->flush();
  });
}

template <class Stream>
void stream_transport<Stream>::flush() {
  switch (auto went = write()) {
  case io_status::done:
    flush_scheduled_ = false;
    return;
  case io_status::closed:
    deaf_ = true;
    return;
  default:
    wait_for(went, [](auto& x) { x.flush(); });
  }
}

template <class Stream>
io_status stream_transport<Stream>::write() {
  while (written_ < out_.size()) {
    auto put = stream_->write(out_.data() + written_, out_.size() - written_);
    if (put.status != io_status::done)
      return put.status;
    written_ += put.bytes;
  }
  written_ = 0;
  out_.clear();
  if (out_.capacity() > kept_bytes)
    std::string{}.swap(out_);
  return io_status::done;
}

template <class Stream>
void stream_transport<Stream>::close() {
  if (std::exchange(listener_, nullptr) == nullptr)
    return;
  if (stream_) {
    write();
    stream_->shutdown();
  }
  boost::system::error_code ignored;
  socket_.close(ignored);
}

template <class Stream>
void stream_transport<Stream>::fail(error reason) {
  auto* to = std::exchange(listener_, nullptr);
  boost::system::error_code ignored;
  socket_.close(ignored);
  to->link_down(std::move(reason));
}

template class stream_transport<plain_stream>;
template class stream_transport<tls_stream>;

} // namespace iris::client
