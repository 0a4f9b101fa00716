#pragma once

#include "apps/cli/line_editor.hpp"
#include "apps/cli/line_source.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <deque>

namespace iris::cli {

struct console;

/// Reads lines from the terminal key by key, so that what is typed and what
/// comes share the screen. As long as it lives the terminal shows no keys by
/// itself; it is as it was before when this ends, or the program by a signal.
/// One at a time. Lives on the io_context's thread.
class terminal final : public line_input {
public:
  /// Whether a person reads and types there.
  static bool available(const console& io);
  /// Whether what is printed is shown by a terminal.
  static bool shows(const console& io);
  /// Of the terminal now.
  static std::size_t columns();

  /// Called with what is typed so far.
  using typing_handler = std::function<void(const std::string&)>;
  /// Called before the program is suspended (false) and when it goes on.
  using suspend_handler = std::function<void(bool)>;

  terminal(boost::asio::io_context& io, handler on_line,
           typing_handler on_typing, suspend_handler on_suspend);
  ~terminal() override;
  terminal(const terminal&) = delete;
  terminal& operator=(const terminal&) = delete;

  void next() override;

private:
  /// Lines typed ahead; beyond these no keys are read.
  static constexpr std::size_t lines_max = 64;

  void read();
  void take(char key);
  void deliver();
  void suspend();

  boost::asio::posix::stream_descriptor keys_;
  const handler on_line_;
  const typing_handler on_typing_;
  const suspend_handler on_suspend_;
  line_editor editor_;
  std::deque<std::optional<std::string>> lines_;
  bool asked_ = false;
  bool reading_ = false;
  bool ended_ = false;
  char buffer_[1024];
};

} // namespace iris::cli
