#include "security/files.hpp"

#include "base/random.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace iris::security {

namespace {

constexpr std::size_t secret_bytes_max = 64 * 1024;

class descriptor {
public:
  explicit descriptor(int number) noexcept : number_(number) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (number_ >= 0)
      ::close(number_);
  }

  explicit operator bool() const noexcept { return number_ >= 0; }
  int get() const noexcept { return number_; }

private:
  int number_;
};

/// Call it right after the system call that failed.
error failed(const char* what, const std::filesystem::path& path) {
  auto reason = std::generic_category().message(errno);
  return {errc::io_failed,
          std::string{"can't "} + what + " " + path.string() + ": " + reason};
}

result<void> check_secret(int file, const std::filesystem::path& path) {
  struct stat info {};
  if (::fstat(file, &info) != 0)
    return failed("examine", path);
  if (!S_ISREG(info.st_mode))
    return error{errc::config_invalid,
                 path.string() + " is no file: expected a regular file"};
  if ((info.st_mode & 077) != 0) {
    std::array<char, 8> mode{};
    std::snprintf(mode.data(), mode.size(), "%04o", info.st_mode & 07777u);
    return error{errc::config_invalid,
                 path.string() + " has mode " + mode.data()
                   + ": expected 0600, as it holds a secret key (chmod 600 "
                   + path.string() + ")"};
  }
  return {};
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    auto count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR)
      return false;
    if (count > 0)
      bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

result<void> fill(int file, const std::filesystem::path& path,
                  std::string_view bytes) {
  if (!write_all(file, bytes))
    return failed("write", path);
  if (::fsync(file) != 0)
    return failed("sync", path);
  return {};
}

std::filesystem::path directory_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : ".";
}

result<void> sync_directory(const std::filesystem::path& path) {
  auto name = directory_of(path);
  descriptor directory{
    ::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!directory || ::fsync(directory.get()) != 0)
    return failed("sync", name);
  return {};
}

/// Never replaces a file that is there, as link(2) doesn't.
result<void> link_new(const std::string& from,
                      const std::filesystem::path& to) {
  if (::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), AT_SYMLINK_FOLLOW)
      == 0)
    return {};
  if (errno == EEXIST)
    return error{errc::already_exists,
                 to.string() + " is there already: expected no such file"};
  return failed("create", to);
}

/// For a file system that has no files without a name.
result<void> write_named(const std::filesystem::path& path,
                         std::string_view bytes, mode_t mode) {
  auto unfinished = path.string() + ".new-" + std::to_string(entropy());
  descriptor file{
    ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
  if (!file)
    return failed("create", unfinished);
  auto done = fill(file.get(), unfinished, bytes);
  if (done)
    done = link_new(unfinished, path);
  if (::unlink(unfinished.c_str()) != 0 && done)
    return failed("remove", unfinished);
  return done;
}

/// What has no name yet goes with the process, however that ends (open(2),
/// O_TMPFILE).
result<void> write_linked(const std::filesystem::path& path,
                          std::string_view bytes, mode_t mode) {
  descriptor file{
    ::open(directory_of(path).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, mode)};
  // EISDIR: a kernel or file system that does not know the flag at all.
  if (!file && (errno == EOPNOTSUPP || errno == EISDIR))
    return write_named(path, bytes, mode);
  if (!file)
    return failed("create", path);
  auto done = fill(file.get(), path, bytes);
  if (done)
    done = link_new("/proc/self/fd/" + std::to_string(file.get()), path);
  return done;
}

} // namespace

result<std::string> read_secret(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a pipe by mistake must not wait for its writer.
  descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!file && errno == ENOENT)
    return error{errc::not_found,
                 "no file " + path.string() + ": expected a secret key there"};
  if (!file)
    return failed("open", path);
  if (auto checked = check_secret(file.get(), path); !checked)
    return checked.failure();
  std::string bytes(secret_bytes_max + 1, '\0');
  std::size_t size = 0;
  while (size < bytes.size()) {
    auto count = ::read(file.get(), bytes.data() + size, bytes.size() - size);
    if (count == 0)
      break;
    if (count < 0 && errno != EINTR)
      return failed("read", path);
    if (count > 0)
      size += static_cast<std::size_t>(count);
  }
  if (size == 0 || size > secret_bytes_max)
    return error{errc::corrupt,
                 path.string() + (size == 0 ? " is empty" : " is too long")
                   + ": expected a secret key of at most 64 KiB"};
  bytes.resize(size);
  return bytes;
}

result<void> write_new(const std::filesystem::path& path,
                       std::string_view bytes, readable_by whom) {
  auto done =
    write_linked(path, bytes, whom == readable_by::owner ? 0600 : 0644);
  return done ? sync_directory(path) : done;
}

result<void> replace(const std::filesystem::path& path, std::string_view bytes,
                     readable_by whom) {
  auto next = path.string() + ".new";
  if (::unlink(next.c_str()) != 0 && errno != ENOENT)
    return failed("remove", next);
  if (auto ok = write_new(next, bytes, whom); !ok)
    return ok;
  if (::rename(next.c_str(), path.c_str()) != 0)
    return failed("replace", path);
  return sync_directory(path);
}

result<void> remove_synced(const std::filesystem::path& path) {
  if (auto ok = sync_directory(path); !ok)
    return ok;
  if (::unlink(path.c_str()) != 0)
    return failed("remove", path);
  return sync_directory(path);
}

} // namespace iris::security
