#include "tests/edge/websocket_end.hpp"

namespace iris::edge::test {

namespace asio = boost::asio;

void websocket_end::open() {
  stream_.async_handshake("localhost", "/",
                          [self = shared_from_this()](error_code failed) {
                            REQUIRE_FALSE(failed);
                            self->opened = true;
                            self->read();
                          });
}

void websocket_end::read() {
  stream_.async_read(buffer_, [self = shared_from_this()](error_code failed,
                                                          std::size_t) {
    self->why = failed;
    self->ended = static_cast<bool>(failed);
    if (failed)
      return;
    self->got.push_back(boost::beast::buffers_to_string(self->buffer_.data()));
    self->buffer_.clear();
    if (self->reading)
      self->read();
  });
}

void websocket_end::send(std::string_view bytes, bool fin) {
  out_.emplace_back(bytes, fin);
  if (out_.size() == 1)
    write();
}

void websocket_end::write() {
  stream_.async_write_some(
    out_.front().second, asio::buffer(out_.front().first),
    [self = shared_from_this()](error_code failed, std::size_t) {
      self->out_.erase(self->out_.begin());
      if (!failed && !self->out_.empty())
        self->write();
    });
}

void websocket_end::ping() {
  stream_.async_ping({}, [self = shared_from_this()](error_code) {});
}

void websocket_end::close() {
  stream_.async_close(boost::beast::websocket::close_code::normal,
                      [self = shared_from_this()](error_code) {});
}

} // namespace iris::edge::test
