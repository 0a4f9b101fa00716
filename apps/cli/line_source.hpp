#pragma once

#include "protocol/frames.hpp"

#include <boost/asio/io_context.hpp>

#include <condition_variable>
#include <functional>
#include <istream>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace iris::cli {

/// Where lines come from, one at a time and only when asked.
class line_input {
public:
  /// Nothing at the end of the input.
  using handler = std::function<void(std::optional<std::string>)>;

  virtual ~line_input() = default;

  /// Asks for the next line. Precondition: the last one has come.
  virtual void next() = 0;
};

/// Reads lines in a thread of its own, one at a time and only when asked, so
/// that a terminal, a pipe and a file can be waited for beside a connection,
/// and a fast writer fills no memory. Made and used on the io_context's
/// thread; ended by its destructor even while the terminal is silent.
class line_source final : public line_input {
public:
  /// Of a longer line one byte more comes, so that it can be refused.
  static constexpr std::size_t line_bytes_max =
    protocol::limits::body_bytes_max;

  line_source(boost::asio::io_context& io, std::istream& in, handler on_line);
  ~line_source() override;
  line_source(const line_source&) = delete;
  line_source& operator=(const line_source&) = delete;

  void next() override;

  /// Whether a person types at a terminal.
  static bool interactive(const std::istream& in);

private:
  void run();
  bool wait_until_asked();
  std::optional<std::string> read_line();
  std::optional<std::string> read_stream();
  std::optional<std::string> read_terminal();
  bool fill();

  boost::asio::io_context& io_;
  std::istream& in_;
  /// Shared with what was posted: empty once this is gone.
  std::shared_ptr<handler> on_line_;
  /// Standard input is read past the stream, which can't be interrupted.
  const bool standard_;
  std::string buffer_;
  bool ended_ = false;
  int wake_[2] = {-1, -1};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool asked_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace iris::cli
