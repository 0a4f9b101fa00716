#include "apps/cli/terminal.hpp"

#include "apps/cli/console.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

#include <csignal>
#include <fcntl.h>
#include <iostream>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace iris::cli {

namespace {

/// The signals that end a program, unless it was told to ignore them.
constexpr int deadly[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};

/// As the terminal was; also for a signal's handler.
termios usual;

void let_show_keys() {
  tcsetattr(STDIN_FILENO, TCSANOW, &usual);
}

void take_keys() {
  auto raw = usual;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
  raw.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

/// A description of its own: Asio makes it non-blocking, and that of standard
/// input is often shared with standard output, and with the shell.
int open_keys() {
  auto out = ::open("/dev/stdin", O_RDONLY | O_NOCTTY | O_CLOEXEC);
  return out >= 0 ? out : dup(STDIN_FILENO);
}

extern "C" void restore_and_end(int which) {
  let_show_keys();
  std::signal(which, SIG_DFL);
  raise(which);
}

void set_handlers(void (*to)(int)) {
  for (auto x : deadly)
    if (std::signal(x, to) == SIG_IGN)
      std::signal(x, SIG_IGN);
}

} // namespace

bool terminal::available(const console& io) {
  return !io.json && &io.in == &std::cin && isatty(STDIN_FILENO) == 1
         && shows(io);
}

bool terminal::shows(const console& io) {
  return &io.out == &std::cout && isatty(STDOUT_FILENO) == 1;
}

std::size_t terminal::columns() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return 80;
  return size.ws_col;
}

terminal::terminal(boost::asio::io_context& io, handler on_line,
                   typing_handler on_typing, suspend_handler on_suspend)
  : keys_(io, open_keys()), on_line_(std::move(on_line)),
    on_typing_(std::move(on_typing)), on_suspend_(std::move(on_suspend)) {
  tcgetattr(STDIN_FILENO, &usual);
  set_handlers(restore_and_end);
  take_keys();
  read();
}

terminal::~terminal() {
  let_show_keys();
  set_handlers(SIG_DFL);
}

void terminal::next() {
  asked_ = true;
  deliver();
}

void terminal::read() {
  if (ended_ || reading_ || lines_.size() >= lines_max)
    return;
  reading_ = true;
  keys_.async_read_some(
    boost::asio::buffer(buffer_),
    [this](boost::system::error_code failed, std::size_t n) {
      if (failed == boost::asio::error::operation_aborted)
        return;
      reading_ = false;
      for (std::size_t i = 0; i < n; ++i)
        take(buffer_[i]);
      if (failed && !std::exchange(ended_, true))
        lines_.emplace_back();
      if (!ended_)
        on_typing_(editor_.text());
      deliver();
      read();
    });
}

void terminal::take(char key) {
  if (ended_)
    return;
  switch (editor_.take(key)) {
  case line_editor::outcome::typing:
    return;
  case line_editor::outcome::line:
    lines_.emplace_back(editor_.take_line());
    return;
  case line_editor::outcome::end:
    ended_ = true;
    lines_.emplace_back();
    return;
  case line_editor::outcome::interrupt:
    on_suspend_(false);
    return restore_and_end(SIGINT);
  case line_editor::outcome::suspend:
    return suspend();
  }
}

/// Not from inside of this: whoever is told may end it.
void terminal::deliver() {
  if (!asked_ || lines_.empty())
    return;
  asked_ = false;
  auto line = std::move(lines_.front());
  lines_.pop_front();
  boost::asio::post(keys_.get_executor(),
                    [this, line = std::move(line)]() mutable {
                      on_line_(std::move(line));
                      read();
                    });
}

void terminal::suspend() {
  on_suspend_(false);
  let_show_keys();
  raise(SIGTSTP);
  take_keys();
  on_suspend_(true);
}

} // namespace iris::cli
