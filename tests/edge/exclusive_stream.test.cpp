#include "edge/exclusive_stream.hpp"

#include <boost/asio/buffers_iterator.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace exclusive_stream_test {

namespace asio = boost::asio;

using error_code = boost::system::error_code;
using lines = std::vector<std::string>;

namespace {

/// A socket that takes bytes and becomes writable when the test says so.
class fake_socket {
public:
  using executor_type = asio::io_context::executor_type;

  explicit fake_socket(asio::io_context& io) : io_(io) {}

  executor_type get_executor() { return io_.get_executor(); }

  template <class Buffers, class Handler>
  void async_write_some(const Buffers& from, Handler&& then) {
    auto at = asio::buffers_begin(from);
    offered_.assign(at, asio::buffers_end(from));
    write_ = kept(std::forward<Handler>(then));
  }

  template <class Handler>
  void async_wait(asio::socket_base::wait_type, Handler&& then) {
    waits_.push_back(
      [f = kept(std::forward<Handler>(then))](error_code why) { f(why, 0); });
  }

  /// Of what is being written.
  void take(std::size_t n) {
    taken += offered_.substr(0, n);
    std::exchange(write_, nullptr)({}, n);
  }

  /// Lets all go on that wait for this now.
  void wake(error_code why = {}) {
    for (auto& x : std::exchange(waits_, {}))
      x(why);
  }

  bool writing() const { return write_ != nullptr; }

  std::string taken;

private:
  using handler = std::function<void(error_code, std::size_t)>;

  /// Asio's handlers can't be copied.
  template <class Handler>
  static handler kept(Handler&& then) {
    using type = std::decay_t<Handler>;
    auto at = std::make_shared<type>(std::forward<Handler>(then));
    return [at](error_code why, std::size_t n) {
      if constexpr (std::is_invocable_v<type, error_code, std::size_t>)
        (*at)(why, n);
      else
        (*at)(why);
    };
  }

  asio::io_context& io_;
  std::string offered_;
  handler write_;
  std::vector<std::function<void(error_code)>> waits_;
};

struct writer {
  void write(std::string_view what) {
    it.async_write_some(
      asio::buffer(what), [this, what](error_code failed, std::size_t n) {
        done.push_back(failed ? failed.message()
                              : std::string{what} + " " + std::to_string(n));
      });
  }

  asio::io_context io;
  iris::edge::exclusive_stream<fake_socket> it{io};
  fake_socket& below = it.next_layer();
  lines done;
};

} // namespace

TEST_CASE("a write is whole before another begins") {
  writer by;

  by.write("first");
  by.write("second");
  by.below.take(2);
  by.below.wake();
  CHECK(by.done.empty());
  by.below.take(3);
  CHECK_FALSE(by.below.writing());
  by.below.wake();
  by.below.take(6);

  CHECK(by.below.taken == "firstsecond");
  CHECK(by.done == lines{"first 5", "second 6"});
  CHECK_FALSE(by.below.writing());
}

TEST_CASE("who waits to write goes before who comes later") {
  writer by;

  by.write("first");
  by.write("second");
  by.below.take(5);
  by.write("third"); // As who wrote first would, having more.
  CHECK_FALSE(by.below.writing());
  by.below.wake();
  by.below.take(6);
  by.below.wake();
  by.below.take(5);

  CHECK(by.below.taken == "firstsecondthird");
  CHECK(by.done == lines{"first 5", "second 6", "third 5"});
}

TEST_CASE("who waits to write is told that the socket is gone") {
  writer by;
  auto gone = asio::error::make_error_code(asio::error::operation_aborted);
  by.write("first");
  by.write("second");

  by.below.wake(gone);

  CHECK(by.done == lines{gone.message()});
  by.below.take(5);
  by.write("third");
  by.below.take(5);
  CHECK(by.below.taken == "firstthird");
}

} // namespace exclusive_stream_test
