#include "apps/bench/node_process.hpp"

#include "base/clock.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace iris::bench {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

error failed(const std::string& what) {
  return {errc::io_failed, what + ": " + std::strerror(errno)};
}

/// Closes a file descriptor when it goes.
class descriptor {
public:
  explicit descriptor(int x) noexcept : fd_(x) {}
  ~descriptor() { close(); }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;

  int get() const noexcept { return fd_; }
  void close() noexcept {
    if (fd_ >= 0)
      ::close(fd_);
    fd_ = -1;
  }

private:
  int fd_;
};

/// Whether something can be read within that time.
bool readable(int fd, nanoseconds at_most) {
  pollfd what{fd, POLLIN, 0};
  auto ms = std::chrono::ceil<milliseconds>(at_most).count();
  return poll(&what, 1, static_cast<int>(std::max<long>(ms, 0))) > 0;
}

/// The program with `out` as its standard output and its log at `log`.
int spawn(pid_t& pid, const node_process::options& with, int out) {
  auto program = with.program.string();
  auto config = with.config.string();
  auto log = with.log.string();
  std::string flag = "--config";
  char* arguments[] = {program.data(), flag.data(), config.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  // Not this one's sockets: whoever is at their other end waits for the close.
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  posix_spawn_file_actions_addopen(&actions, 2, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  auto result =
    posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  return result;
}

/// Why it ended, as it said, or the last line of its log, which goes with the
/// folder that it is in.
std::string last_words(const std::filesystem::path& log) {
  constexpr std::string_view why = "why: ";
  std::ifstream in{log};
  std::string out;
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(why))
      return line.substr(why.size());
    else if (!line.empty())
      out = line;
  return out.empty() ? "it said nothing" : out;
}

} // namespace

result<scratch_directory>
scratch_directory::make(const std::filesystem::path& parent) {
  auto path = (parent / "iris-bench-XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr)
    return failed("can't make a folder in " + parent.string());
  return scratch_directory{path};
}

scratch_directory::scratch_directory(scratch_directory&& other) noexcept
  : path_(std::exchange(other.path_, {})) {
  // nop
}

scratch_directory::~scratch_directory() {
  std::error_code ignored;
  if (!path_.empty())
    std::filesystem::remove_all(path_, ignored);
}

result<std::unique_ptr<node_process>> node_process::start(const options& with) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return failed("can't make a pipe");
  descriptor reading{ends[0]}, writing{ends[1]};
  std::unique_ptr<node_process> out{new node_process};
  auto began = system_clock().steady_now();
  if (auto code = spawn(out->pid_, with, writing.get()); code != 0) {
    out->pid_ = -1;
    return error{code == ENOENT ? errc::not_found : errc::io_failed,
                 "can't start " + with.program.string() + ": "
                   + std::strerror(code)};
  }
  writing.close();
  if (auto ok = out->await_ready(reading.get(), with); !ok)
    return ok.failure();
  out->started_in_ = system_clock().steady_now() - began;
  return out;
}

result<void> node_process::await_ready(int pipe, const options& with) {
  auto deadline = system_clock().steady_now() + with.start_timeout;
  std::string text;
  for (bool ready = false; !ready;) {
    char buffer[1024];
    if (!readable(pipe, deadline - system_clock().steady_now()))
      return error{errc::timed_out, "the node started too slowly"};
    auto n = read(pipe, buffer, sizeof buffer);
    if (n <= 0)
      return error{errc::io_failed,
                   "the node ended while it started: " + last_words(with.log)};
    text.append(buffer, static_cast<std::size_t>(n));
    for (auto end = text.find('\n'); end != text.npos; end = text.find('\n')) {
      heed(text.substr(0, end), ready);
      text.erase(0, end + 1);
    }
  }
  return {};
}

void node_process::heed(const std::string& line, bool& ready) {
  constexpr std::string_view listening = "listening on ";
  ready = ready || line == "ready";
  auto scheme = line.find("://");
  if (line.starts_with(listening) && scheme != line.npos)
    listeners_[line.substr(listening.size(), scheme - listening.size())] =
      line.substr(scheme + 3);
}

result<void> node_process::stop(int signal, milliseconds at_most) {
  if (pid_ < 0)
    return {};
  // The header of glibc 2.36 can't be used from C++.
  descriptor process{static_cast<int>(syscall(SYS_pidfd_open, pid_, 0))};
  if (process.get() < 0)
    return failed("can't watch the node");
  kill(pid_, signal);
  if (!readable(process.get(), at_most))
    return error{errc::timed_out, "the node did not end in time"};
  int status = 0;
  waitpid(std::exchange(pid_, -1), &status, 0);
  if (signal == SIGTERM && status != 0)
    return error{errc::internal, "the node ended badly, with wait status "
                                   + std::to_string(status)};
  return {};
}

node_process::~node_process() {
  if (pid_ < 0)
    return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

} // namespace iris::bench
