#include "apps/cli/line_source.hpp"

#include "base/assert.hpp"

#include <boost/asio/post.hpp>

#include <fcntl.h>
#include <iostream>
#include <poll.h>
#include <unistd.h>

namespace iris::cli {

line_source::line_source(boost::asio::io_context& io, std::istream& in,
                         handler on_line)
  : io_(io), in_(in), on_line_(std::make_shared<handler>(std::move(on_line))),
    standard_(&in == &std::cin) {
  IRIS_ASSERT(pipe2(wake_, O_CLOEXEC) == 0);
  thread_ = std::thread{[this] { run(); }};
}

line_source::~line_source() {
  *on_line_ = nullptr;
  {
    std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  changed_.notify_one();
  ::close(wake_[1]); // which ends a poll of the other end
  thread_.join();
  ::close(wake_[0]);
}

bool line_source::interactive(const std::istream& in) {
  return &in == &std::cin && isatty(STDIN_FILENO) == 1;
}

void line_source::next() {
  {
    std::lock_guard lock{mutex_};
    asked_ = true;
  }
  changed_.notify_one();
}

void line_source::run() {
  while (wait_until_asked()) {
    auto line = read_line();
    boost::asio::post(io_, [to = on_line_, line = std::move(line)]() mutable {
      if (*to)
        (*to)(std::move(line));
    });
  }
}

bool line_source::wait_until_asked() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this] { return asked_ || stopping_; });
  asked_ = false;
  return !stopping_;
}

std::optional<std::string> line_source::read_line() {
  return standard_ ? read_terminal() : read_stream();
}

std::optional<std::string> line_source::read_stream() {
  std::string out;
  for (char c = 0; in_.get(c);) {
    if (c == '\n')
      return out;
    if (out.size() <= line_bytes_max)
      out += c;
  }
  return out.empty() ? std::nullopt : std::optional{out};
}

std::optional<std::string> line_source::read_terminal() {
  std::string out;
  for (;;) {
    auto end = buffer_.find('\n');
    out.append(buffer_, 0, std::min(end, line_bytes_max + 1 - out.size()));
    if (end != buffer_.npos) {
      buffer_.erase(0, end + 1);
      return out;
    }
    buffer_.clear();
    if (!fill())
      return out.empty() ? std::nullopt : std::optional{out};
  }
}

/// Waits for more bytes. False at the end.
bool line_source::fill() {
  pollfd what[] = {{STDIN_FILENO, POLLIN, 0}, {wake_[0], POLLIN, 0}};
  while (!ended_) {
    if (poll(what, 2, -1) < 0 && errno != EINTR)
      ended_ = true;
    if (what[1].revents != 0)
      ended_ = true;
    if (ended_ || what[0].revents == 0)
      continue;
    char bytes[4096];
    auto n = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (n > 0) {
      buffer_.append(bytes, static_cast<std::size_t>(n));
      return true;
    }
    ended_ = n == 0 || errno != EINTR;
  }
  return false;
}

} // namespace iris::cli
