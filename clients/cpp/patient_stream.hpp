#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <cstddef>
#include <utility>

namespace iris::client {

/// A layer of Asio's whose writes don't fail: what the other end said before it
/// closed may not be read yet, and says why. Reading then comes to its end.
/// Beast, told of the failure, would read nothing more.
///
/// For one thread that runs all handlers, so that these need no executor of
/// their own. Whoever starts a write keeps this alive until it is done.
template <class Lower>
class patient_stream {
public:
  using next_layer_type = Lower;
  using executor_type = typename Lower::executor_type;

  template <class... Ts>
  explicit patient_stream(Ts&&... lower) : lower_(std::forward<Ts>(lower)...) {}

  next_layer_type& next_layer() noexcept { return lower_; }
  const next_layer_type& next_layer() const noexcept { return lower_; }
  executor_type get_executor() noexcept { return lower_.get_executor(); }

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& to, Handler&& then) {
    lower_.async_read_some(to, std::forward<Handler>(then));
  }

  template <class Buffers, class Handler>
  void async_write_some(const Buffers& from, Handler&& then) {
    auto all = boost::asio::buffer_size(from);
    // Nothing may follow what was cut.
    if (deaf_)
      return boost::asio::post(
        get_executor(),
        [all, then = std::forward<Handler>(then)]() mutable { then({}, all); });
    lower_.async_write_some(
      from, [this, all, then = std::forward<Handler>(then)](
              boost::system::error_code failed, std::size_t n) mutable {
        deaf_ = deaf_ || failed;
        then({}, failed ? all : n);
      });
  }

private:
  Lower lower_;
  bool deaf_ = false; ///< a write failed
};

/// How Beast ends what it writes to: the layer below knows.
template <class Lower, class Handler>
void async_teardown(boost::beast::role_type role, patient_stream<Lower>& stream,
                    Handler&& then) {
  using boost::beast::websocket::async_teardown;
  async_teardown(role, stream.next_layer(), std::forward<Handler>(then));
}

} // namespace iris::client
