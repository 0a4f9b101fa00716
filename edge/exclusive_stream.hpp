#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <cstddef>
#include <functional>
#include <utility>

namespace iris::edge {

/// A layer of Asio's whose writes are whole and one after another, whoever
/// starts them: the wire writes its messages beside Beast, which writes control
/// frames when it has to.
///
/// For one thread that runs all handlers, so that these need no executor of
/// their own. Whoever starts a write keeps this alive until it is done.
template <class Lower>
class exclusive_stream {
public:
  using next_layer_type = Lower;
  using executor_type = typename Lower::executor_type;

  template <class... Ts>
  explicit exclusive_stream(Ts&&... lower)
    : lower_(std::forward<Ts>(lower)...) {}

  next_layer_type& next_layer() noexcept { return lower_; }
  const next_layer_type& next_layer() const noexcept { return lower_; }
  executor_type get_executor() noexcept { return lower_.get_executor(); }

  /// Runs at the start of each read: Beast has used up what it read before.
  void before_reads(std::function<void()> what) {
    before_reads_ = std::move(what);
  }

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& to, Handler&& then) {
    before_reads_();
    lower_.async_read_some(to, std::forward<Handler>(then));
  }

  /// Writes all of `from`, in its turn.
  template <class Buffers, class Handler>
  void async_write_some(const Buffers& from, Handler&& then) {
    if (writing_ || waiting_ > 0)
      wait(from, std::forward<Handler>(then));
    else
      write(from, std::forward<Handler>(then));
  }

private:
  using error_code = boost::system::error_code;

  template <class Buffers, class Handler>
  void write(const Buffers& from, Handler&& then) {
    writing_ = true;
    boost::asio::async_write(lower_, from,
                             [this, then = std::forward<Handler>(then)](
                               error_code failed, std::size_t n) mutable {
                               writing_ = false;
                               then(failed, n);
                             });
  }

  /// Asio wakes this behind what the write under way waits for. The handler is
  /// the socket's meanwhile: kept here, it would keep alive who keeps this.
  template <class Buffers, class Handler>
  void wait(const Buffers& from, Handler&& then) {
    ++waiting_;
    boost::beast::get_lowest_layer(lower_).async_wait(
      boost::asio::socket_base::wait_write,
      [this, from,
       then = std::forward<Handler>(then)](error_code failed) mutable {
        --waiting_;
        if (failed)
          then(failed, 0);
        else if (writing_)
          wait(from, std::move(then));
        else
          write(from, std::move(then));
      });
  }

  Lower lower_;
  std::function<void()> before_reads_ = [] {};
  bool writing_ = false;
  std::size_t waiting_ = 0; ///< writes; who comes later waits, too
};

/// How Beast ends what it writes to: the layer below knows.
template <class Lower, class Handler>
void async_teardown(boost::beast::role_type role,
                    exclusive_stream<Lower>& stream, Handler&& then) {
  using boost::beast::websocket::async_teardown;
  async_teardown(role, stream.next_layer(), std::forward<Handler>(then));
}

} // namespace iris::edge
