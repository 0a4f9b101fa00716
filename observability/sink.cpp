#include "observability/sink.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace iris::observability {
namespace {

bool write_all(int fd, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    auto n = ::write(fd, bytes.data(), bytes.size());
    if (n > 0)
      bytes.remove_prefix(static_cast<std::size_t>(n));
    else if (errno != EINTR)
      return false;
  }
  return true;
}

class standard_error final : public log_sink {
public:
  bool write(std::string_view line) noexcept override {
    return write_all(STDERR_FILENO, line);
  }
};

result<int> open_file(const std::filesystem::path& path) {
  // Opening waits for nobody; writing may.
  auto flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC;
  auto fd = ::open(path.c_str(), flags | O_NONBLOCK, 0640);
  if (fd >= 0 && ::fcntl(fd, F_SETFL, O_APPEND) == 0)
    return fd;
  auto why = errno == ENXIO ? "nobody reads this pipe"
                            : std::generic_category().message(errno);
  if (fd >= 0)
    ::close(fd);
  return error{errc::io_failed, "expected a log file that can be written at "
                                  + path.string() + ": " + why};
}

class file final : public log_sink {
public:
  file(std::filesystem::path path, int fd) : path_(std::move(path)), fd_(fd) {}
  file(const file&) = delete;
  file& operator=(const file&) = delete;
  ~file() override { ::close(fd_); }

  bool write(std::string_view line) noexcept override {
    return write_all(fd_, line);
  }

  result<void> reopen() override {
    auto next = open_file(path_);
    if (!next)
      return next.failure();
    // In one step: a line that is being written goes to one of the two.
    auto replaced = ::dup3(*next, fd_, O_CLOEXEC) == fd_;
    auto why = errno;
    ::close(*next);
    if (!replaced)
      return error{errc::io_failed, "expected to go on in " + path_.string()
                                      + ": "
                                      + std::generic_category().message(why)};
    return {};
  }

private:
  const std::filesystem::path path_;
  const int fd_;
};

} // namespace

std::shared_ptr<log_sink> stderr_sink() {
  return std::make_shared<standard_error>();
}

result<std::shared_ptr<log_sink>> file_sink(const std::filesystem::path& path) {
  auto fd = open_file(path);
  if (!fd)
    return fd.failure();
  return std::shared_ptr<log_sink>{std::make_shared<file>(path, *fd)};
}

bool memory_sink::write(std::string_view line) noexcept {
  std::lock_guard guard{mutex_};
  lines_.emplace_back(line);
  return true;
}

std::vector<std::string> memory_sink::lines() const {
  std::lock_guard guard{mutex_};
  return lines_;
}

} // namespace iris::observability
