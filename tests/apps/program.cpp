#include "tests/apps/program.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utility>

namespace iris::test {

namespace {

constexpr int patience_ms = 60'000;

[[noreturn]] void give_up(const std::string& what) {
  throw std::runtime_error{what};
}

void wait_for(int fd, short events, const std::string& what) {
  pollfd one{fd, events, 0};
  if (poll(&one, 1, patience_ms) <= 0)
    give_up("waited too long for " + what);
}

/// The ends of a new pipe: to read from, to write to.
std::pair<int, int> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    give_up(std::string{"can't make a pipe: "} + std::strerror(errno));
  return {ends[0], ends[1]};
}

/// The program's ends, to read from and to write to.
std::pair<int, int> open_pipes(int& in, int& out) {
  auto [child_in, our_in] = make_pipe();
  auto [our_out, child_out] = make_pipe();
  in = our_in;
  out = our_out;
  return {child_in, child_out};
}

std::pair<int, int> open_terminal(int& in, int& out) {
  in = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (in < 0 || grantpt(in) != 0 || unlockpt(in) != 0)
    give_up(std::string{"can't make a terminal: "} + std::strerror(errno));
  auto child = open(ptsname(in), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (child < 0)
    give_up(std::string{"can't open the terminal: "} + std::strerror(errno));
  out = fcntl(in, F_DUPFD_CLOEXEC, 0);
  return {child, fcntl(child, F_DUPFD_CLOEXEC, 0)};
}

void close_once(int& fd) {
  if (fd >= 0)
    ::close(std::exchange(fd, -1));
}

} // namespace

program::program(std::vector<std::string> arguments, at where) {
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (auto& x : arguments)
    pointers.push_back(x.data());
  pointers.push_back(nullptr);
  auto [child_in, child_out] =
    where == at::pipes ? open_pipes(in_, out_) : open_terminal(in_, out_);
  auto [err, child_err] = make_pipe();
  err_ = err;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, child_in, 0);
  posix_spawn_file_actions_adddup2(&actions, child_out, 1);
  posix_spawn_file_actions_adddup2(&actions, child_err, 2);
  // As a shell would start it, whatever this process ignores.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t usual;
  sigfillset(&usual);
  posix_spawnattr_setsigdefault(&attributes, &usual);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  auto code = posix_spawn(&pid_, pointers[0], &actions, &attributes,
                          pointers.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  for (auto fd : {child_in, child_out, child_err})
    ::close(fd);
  if (code != 0)
    give_up(arguments[0] + ": " + std::strerror(code));
}

program::~program() {
  close_input();
  if (pid_ >= 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close_once(out_);
  close_once(err_);
}

void program::type(const std::string& line) {
  press(line + "\n");
}

void program::press(const std::string& keys) {
  for (std::size_t done = 0; done < keys.size();) {
    wait_for(in_, POLLOUT, "the program to read what is typed");
    auto n = write(in_, keys.data() + done, keys.size() - done);
    if (n < 0)
      give_up(std::string{"can't type: "} + std::strerror(errno));
    done += static_cast<std::size_t>(n);
  }
}

void program::close_input() {
  close_once(in_);
}

void program::close_output() {
  close_once(out_);
}

void program::signal(int which) {
  kill(pid_, which);
}

/// Reads some more of its output. False at the end.
bool program::fill() {
  wait_for(out_, POLLIN, "output behind '" + buffer_ + "'");
  char bytes[4096];
  auto n = read(out_, bytes, sizeof bytes);
  if (n > 0)
    buffer_.append(bytes, static_cast<std::size_t>(n));
  return n > 0;
}

std::string program::next_line() {
  while (buffer_.find('\n') == buffer_.npos)
    if (!fill())
      give_up("expected a line, found the end behind '" + buffer_
              + "': " + complaint());
  auto end = buffer_.find('\n');
  auto line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return line;
}

std::string program::line_with(const std::string& part) {
  for (;;)
    if (auto line = next_line(); line.find(part) != line.npos)
      return line;
}

std::string program::more() {
  if (buffer_.empty() && !fill())
    give_up("expected more, found the end: " + complaint());
  return std::exchange(buffer_, {});
}

bool program::terminal_is_usual() const {
  termios now{};
  return tcgetattr(in_, &now) == 0 && (now.c_lflag & ECHO) != 0
         && (now.c_lflag & ICANON) != 0 && (now.c_lflag & ISIG) != 0;
}

std::string program::rest() {
  while (fill()) {
    // until the end
  }
  return std::exchange(buffer_, {});
}

std::string program::complaint() {
  std::string out;
  for (char bytes[4096];;) {
    wait_for(err_, POLLIN, "the end of its standard error");
    auto n = read(err_, bytes, sizeof bytes);
    if (n <= 0)
      return out;
    out.append(bytes, static_cast<std::size_t>(n));
  }
}

int program::wait() {
  // The header of glibc 2.36 can't be used from C++.
  auto process = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (process < 0)
    give_up("can't watch the program");
  wait_for(process, POLLIN, "the program's end");
  ::close(process);
  int status = 0;
  waitpid(std::exchange(pid_, -1), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

} // namespace iris::test
