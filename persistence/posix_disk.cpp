#include "persistence/posix_disk.hpp"

#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <sys/statvfs.h>
#include <system_error>
#include <unistd.h>

namespace iris::persistence {

namespace {

leveldb::Status failed(const std::string& dir, int number) {
  return leveldb::Status::IOError(dir, std::generic_category().message(number));
}

/// Holds its lock as long as it lives.
struct file_lock final : leveldb::FileLock {
  explicit file_lock(int opened) : file(opened) {}
  ~file_lock() override { ::close(file); }
  const int file;
};

} // namespace

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
    return failed("lock " + path, errno);
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

std::uint64_t posix_disk::free_bytes(const std::string& dir) {
  struct statvfs about {};
  if (::statvfs(dir.c_str(), &about) != 0)
    return 0;
  return std::uint64_t{about.f_bavail} * about.f_frsize;
}

} // namespace iris::persistence
