#include "apps/bench/process.hpp"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace iris::bench {

result<usage> usage_of(pid_t pid) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/stat"};
  std::string text;
  std::getline(in, text);
  // The second field is the program's name, which may hold anything but ends
  // with the last parenthesis. See proc(5) for the numbers of the fields.
  auto name_end = text.rfind(')');
  if (name_end == text.npos)
    return error{errc::not_found, "there is no process " + std::to_string(pid)
                                    + ", expected the node's process id"};
  std::istringstream rest{text.substr(name_end + 1)};
  std::string skipped;
  for (int field = 3; field < 14; ++field)
    rest >> skipped;
  std::uint64_t user = 0, system = 0, pages = 0;
  rest >> user >> system;
  for (int field = 16; field < 24; ++field)
    rest >> skipped;
  rest >> pages;
  usage out;
  out.cpu_s = static_cast<double>(user + system)
              / static_cast<double>(sysconf(_SC_CLK_TCK));
  out.rss_bytes = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return out;
}

machine this_machine() {
  machine out;
  out.cores = std::thread::hardware_concurrency();
  double load = 0;
  if (getloadavg(&load, 1) == 1)
    out.load_1m = load;
  return out;
}

double stolen_cpu_s() {
  std::ifstream in{"/proc/stat"};
  std::string all;
  std::getline(in, all);
  return stolen_cpu_s(all, static_cast<double>(sysconf(_SC_CLK_TCK)));
}

double stolen_cpu_s(const std::string& stat, double per_s) {
  // "cpu" and, behind seven others, what proc(5) calls steal.
  std::istringstream in{stat};
  std::string skipped;
  for (int field = 0; field < 8; ++field)
    in >> skipped;
  std::uint64_t ticks = 0;
  in >> ticks;
  return static_cast<double>(ticks) / per_s;
}

std::string file_system_of(const std::string& directory) {
  constexpr auto tmpfs_magic = 0x01021994; // statfs(2)
  struct statfs about {};
  if (statfs(directory.c_str(), &about) == 0 && about.f_type == tmpfs_magic)
    return "tmpfs";
  return "disk";
}

result<histogram> sync_times(const std::string& directory, unsigned count,
                             const std::function<void(unsigned)>& between) {
  // As much as a message of 200 bytes takes in the log.
  const std::string record(600, 'x');
  auto size = static_cast<off_t>(record.size() * count);
  auto failed = [&] {
    return error{errc::io_failed,
                 directory + ": " + std::generic_category().message(errno)
                   + ", expected a folder that can be written"};
  };
  auto path = directory + "/sync";
  auto file =
    ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0)
    return failed();
  ::unlink(path.c_str());
  result<histogram> out{histogram{}};
  errno = posix_fallocate(file, 0, size);
  if (errno != 0 || ::fsync(file) != 0)
    out = failed();
  for (off_t at = 0; out && at < size; at += std::ssize(record)) {
    auto begin = std::chrono::steady_clock::now();
    if (::pwrite(file, record.data(), record.size(), at) != std::ssize(record)
        || ::fdatasync(file) != 0) {
      out = failed();
      break;
    }
    std::chrono::nanoseconds took = std::chrono::steady_clock::now() - begin;
    out->record(static_cast<std::uint64_t>(took.count()));
    between(static_cast<unsigned>(at / std::ssize(record)) + 1);
  }
  ::close(file);
  return out;
}

void raise_file_limit() {
  rlimit now{};
  if (getrlimit(RLIMIT_NOFILE, &now) == 0) {
    now.rlim_cur = now.rlim_max;
    setrlimit(RLIMIT_NOFILE, &now);
  }
}

} // namespace iris::bench
