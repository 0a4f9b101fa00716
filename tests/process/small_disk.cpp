#include "tests/process/small_disk.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <system_error>
#include <unistd.h>

namespace iris::process {

namespace {

void must(bool ok, const char* what) {
  if (!ok)
    throw std::system_error{errno, std::generic_category(), what};
}

} // namespace

bool small_disk::permitted() {
  return unshare(CLONE_NEWNS) == 0
         && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

small_disk::small_disk(std::filesystem::path at, std::uint64_t bytes)
  : at_(std::move(at)) {
  std::filesystem::create_directories(at_);
  auto with = "size=" + std::to_string(bytes) + ",mode=0700";
  must(mount("iris-test", at_.c_str(), "tmpfs", 0, with.c_str()) == 0,
       "can't mount a small disk");
}

small_disk::~small_disk() {
  umount2(at_.c_str(), MNT_DETACH);
}

void small_disk::fill(std::uint64_t left) {
  auto file = open(ballast().c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  must(file >= 0, "can't make a ballast");
  auto size = static_cast<off_t>(std::filesystem::file_size(ballast()));
  // Others write meanwhile: what can't be had as a whole is had in part.
  for (auto step = std::filesystem::space(at_).available; step > 0;) {
    auto free = std::filesystem::space(at_).available;
    if (free <= left)
      break;
    step = std::min(step, free - left);
    if (posix_fallocate(file, size, static_cast<off_t>(step)) == 0)
      size += static_cast<off_t>(step);
    else
      step /= 2;
  }
  close(file);
}

void small_disk::make_room() {
  std::filesystem::remove(ballast());
}

} // namespace iris::process
