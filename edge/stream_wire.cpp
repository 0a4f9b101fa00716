#include "edge/stream_wire.hpp"

#include "edge/farewell.hpp"
#include "edge/inbound.hpp"

namespace iris::edge {

namespace {

using net::io_status;
using net::plain_stream;
using net::tls_stream;

constexpr std::size_t read_bytes = 64 * 1024;
/// Reads of one connection before it is the neighbours' turn.
constexpr int reads_per_turn = 16;

/// Between reads a connection needs no buffer: all of a thread share one.
char* scratch() {
  thread_local std::string buffer(read_bytes, '\0');
  return buffer.data();
}

} // namespace

template <class Stream>
template <class... Ts>
stream_wire<Stream>::stream_wire(io_thread& home, socket with,
                                 const actors::environment& env,
                                 closed_callback on_closed,
                                 Ts&&... stream_arguments)
  : home_(home), socket_(std::move(with)),
    stream_(socket_.native_handle(), std::forward<Ts>(stream_arguments)...),
    env_(env), on_closed_(std::move(on_closed)) {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
}

template <class Stream>
void stream_wire<Stream>::start(actors::connection_actor owner,
                                std::size_t output_bytes_max) {
  owner_ = std::move(owner);
  output_bytes_max_ = output_bytes_max;
  handshake();
}

template <class Stream>
template <class F>
void stream_wire<Stream>::wait(wait_type what, F then) {
  socket_.async_wait(
    what, [self = this->shared_from_this(), then](error_code failed) {
      if (failed)
        self->shut();
      else if (self->socket_.is_open())
        then(*self);
    });
}

template <class Stream>
void stream_wire<Stream>::handshake() {
  switch (stream_.handshake().status) {
  case io_status::done:
    open_ = true;
    flush();
    if (!closing_)
      read();
    return;
  case io_status::wants_read:
    return wait(socket::wait_read, [](stream_wire& x) { x.handshake(); });
  case io_status::wants_write:
    return wait(socket::wait_write, [](stream_wire& x) { x.handshake(); });
  case io_status::closed:
    return shut();
  }
}

template <class Stream>
void stream_wire<Stream>::read() {
  for (int i = 0; i < reads_per_turn && socket_.is_open(); ++i) {
    auto got = stream_.read(scratch(), read_bytes);
    if (got.status == io_status::closed)
      return shut();
    if (got.status != io_status::done)
      return wait(got.status == io_status::wants_write ? socket::wait_write
                                                       : socket::wait_read,
                  [](stream_wire& x) { x.read(); });
    env_.metrics.bytes_in.add(got.bytes);
    // The connection says `resume` once it has dealt with this.
    if (take({scratch(), got.bytes}))
      return;
  }
  resume();
}

/// Whether there was anything to hand over.
template <class Stream>
bool stream_wire<Stream>::take(std::string_view bytes) {
  if (closing_)
    return false; // Read and dropped, so that the close is seen.
  auto fed = framer_.feed(bytes, [this](std::string_view frame) {
    return decode_into(inbound_, frame);
  });
  if (!fed)
    broken(inbound_, fed.failure());
  if (inbound_.frames.empty())
    return false;
  caf::anon_send(owner_, std::exchange(inbound_, {}));
  return true;
}

template <class Stream>
void stream_wire<Stream>::resume() {
  if (socket_.is_open())
    home_.post([weak = this->weak_from_this()] {
      if (auto self = weak.lock())
        self->read();
    });
}

template <class Stream>
void stream_wire<Stream>::send(std::string_view frame) {
  if (closing_ || !socket_.is_open())
    return;
  auto byte = [n = frame.size()](int shift) {
    return static_cast<char>(n >> shift);
  };
  const char length[] = {byte(24), byte(16), byte(8), byte(0)};
  out_.append({length, sizeof length});
  out_.append(frame);
  if (!open_ || std::exchange(flush_scheduled_, true))
    return;
  // Later in this turn, so that more frames can join.
  home_.post([weak = this->weak_from_this()] {
    if (auto self = weak.lock())
      self->flush();
  });
}

template <class Stream>
void stream_wire<Stream>::flush() {
  flush_scheduled_ = true;
  if (queued() >= output_bytes_max_)
    congested_ = true;
  while (socket_.is_open() && queued() > 0) {
    auto bytes = out_.waiting();
    auto put = stream_.write(bytes.data(), bytes.size());
    if (put.status == io_status::closed)
      return shut();
    if (put.status != io_status::done) {
      congested_ = true;
      return wait(put.status == io_status::wants_read ? socket::wait_read
                                                      : socket::wait_write,
                  [](stream_wire& x) { x.flush(); });
    }
    env_.metrics.bytes_out.add(put.bytes);
    out_.took(put.bytes);
  }
  flush_scheduled_ = false;
  if (closing_)
    return end_output();
  if (std::exchange(congested_, false) && owner_)
    caf::anon_send(owner_, actors::output_drained{});
}

template <class Stream>
std::size_t stream_wire<Stream>::left() {
  return queued() + unacknowledged(socket_);
}

template <class Stream>
void stream_wire<Stream>::close() {
  if (closing_ || !socket_.is_open())
    return;
  closing_ = true;
  farewell::begin(home_, this->shared_from_this());
  // A handshake is to end first: the client is told why.
  if (open_ && !flush_scheduled_)
    home_.post([weak = this->weak_from_this()] {
      if (auto self = weak.lock())
        self->flush();
    });
}

/// Closing at once would throw away what the client has not read yet: the
/// close waits for the client's own, or for the `farewell` to end.
template <class Stream>
void stream_wire<Stream>::end_output() {
  stream_.shutdown();
  error_code ignored;
  socket_.shutdown(socket::shutdown_send, ignored);
  read();
}

template <class Stream>
void stream_wire<Stream>::shut() {
  if (!socket_.is_open())
    return;
  error_code ignored;
  socket_.close(ignored);
  if (owner_)
    caf::anon_send(std::exchange(owner_, nullptr), actors::disconnected{});
  if (on_closed_)
    std::exchange(on_closed_, nullptr)();
}

template class stream_wire<plain_stream>;
template class stream_wire<tls_stream>;

// The constructors are templates of their own.
template stream_wire<plain_stream>::stream_wire(io_thread&, socket,
                                                const actors::environment&,
                                                closed_callback);
template stream_wire<tls_stream>::stream_wire(io_thread&, socket,
                                              const actors::environment&,
                                              closed_callback, SSL_CTX*&&,
                                              net::tls_side&&);

} // namespace iris::edge
