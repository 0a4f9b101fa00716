#include "persistence/posix_disk.hpp"

#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <sys/statvfs.h>
#include <system_error>
#include <unistd.h>

namespace iris::persistence {

namespace {

/// Never NotFound, which LevelDB would hand on: a table that is missing is not
/// a key that isn't there.
leveldb::Status failed(const std::string& path, int number) {
  return leveldb::Status::IOError(path,
                                  std::generic_category().message(number));
}

/// Holds its lock as long as it lives.
struct file_lock final : leveldb::FileLock {
  explicit file_lock(int opened) : file(opened) {}
  ~file_lock() override { ::close(file); }
  const int file;
};

/// A table that is open: holds a file descriptor as long as it lives.
class table_file final : public leveldb::RandomAccessFile {
public:
  table_file(std::string path, int opened)
    : path_(std::move(path)), file_(opened) {}
  ~table_file() override { ::close(file_); }

  leveldb::Status Read(std::uint64_t offset, std::size_t n, leveldb::Slice* out,
                       char* scratch) const override {
    std::size_t got = 0;
    while (got < n) {
      auto count = ::pread(file_, scratch + got, n - got,
                           static_cast<off_t>(offset + got));
      if (count < 0 && errno == EINTR)
        continue;
      if (count < 0)
        return failed(path_, errno);
      if (count == 0)
        return too_short(offset + got, offset + n);
      got += static_cast<std::size_t>(count);
    }
    *out = leveldb::Slice{scratch, got};
    return leveldb::Status::OK();
  }

private:
  /// LevelDB asks for nothing but what it has written, and takes the end of a
  /// short footer from memory that nobody set.
  leveldb::Status too_short(std::uint64_t end, std::uint64_t expected) const {
    return leveldb::Status::Corruption(
      path_, "nothing at byte " + std::to_string(end)
               + ", expected bytes up to " + std::to_string(expected));
  }

  const std::string path_;
  const int file_;
};

} // namespace

leveldb::Status
posix_disk::posix_env::NewRandomAccessFile(const std::string& path,
                                           leveldb::RandomAccessFile** out) {
  *out = nullptr;
  auto file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return failed(path, errno);
  *out = std::make_unique<table_file>(path, file).release();
  return leveldb::Status::OK();
}

leveldb::Status posix_disk::posix_env::LockFile(const std::string& path,
                                                leveldb::FileLock** out) {
  *out = nullptr;
  auto file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0)
    return failed(path, errno);
  auto lock = std::make_unique<file_lock>(file);
  struct flock all {};
  all.l_type = F_WRLCK;
  all.l_whence = SEEK_SET;
  if (::fcntl(file, F_OFD_SETLK, &all) != 0)
    return errno == EAGAIN || errno == EACCES ? lock_is_held(path)
                                              : failed("lock " + path, errno);
  *out = lock.release();
  return leveldb::Status::OK();
}

leveldb::Status posix_disk::posix_env::UnlockFile(leveldb::FileLock* lock) {
  std::unique_ptr<leveldb::FileLock>{lock}.reset();
  return leveldb::Status::OK();
}

posix_disk::posix_disk() : env_(leveldb::Env::Default()) {
  // nop
}

leveldb::Status posix_disk::sync_directory(const std::string& dir) {
  auto file = ::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0)
    return failed(dir, errno);
  auto number = ::fsync(file) == 0 ? 0 : errno;
  ::close(file);
  return number == 0 ? leveldb::Status::OK() : failed(dir, number);
}

bool posix_disk::reserve(const std::string& path, std::uint64_t size) {
  auto file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0)
    return false;
  // posix_fallocate would write zeros where the file system can't do it.
  auto done = ::fallocate(file, 0, 0, static_cast<off_t>(size)) == 0;
  ::close(file);
  return done;
}

leveldb::Status posix_disk::truncate(const std::string& path,
                                     std::uint64_t size) {
  return ::truncate(path.c_str(), static_cast<off_t>(size)) == 0
           ? leveldb::Status::OK()
           : failed(path, errno);
}

std::uint64_t posix_disk::free_bytes(const std::string& dir) {
  struct statvfs about {};
  if (::statvfs(dir.c_str(), &about) != 0)
    return 0;
  return std::uint64_t{about.f_bavail} * about.f_frsize;
}

} // namespace iris::persistence
