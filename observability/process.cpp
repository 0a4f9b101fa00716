#include "observability/process.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace iris::observability {
namespace {

void sample_memory(gauge& resident_bytes) {
  // proc(5): sizes in pages; the second one is the resident set.
  std::ifstream in{"/proc/self/statm"};
  std::int64_t total = 0, resident = 0;
  if (in >> total >> resident)
    resident_bytes.set(resident * ::sysconf(_SC_PAGESIZE));
}

void sample_files(gauge& open_fds, gauge& max_fds) {
  std::error_code failed;
  std::filesystem::directory_iterator files{"/proc/self/fd", failed};
  // The iterator's own descriptor is one of those it finds.
  if (!failed)
    open_fds.set(std::distance(begin(files), end(files)) - 1);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    max_fds.set(static_cast<std::int64_t>(limit.rlim_cur));
}

} // namespace

void process_sampler::sample(metrics& to) const {
  using std::chrono::duration_cast;
  auto up = duration_cast<std::chrono::seconds>(time_.steady_now() - started_);
  to.uptime_seconds.set(up.count());
  sample_memory(to.resident_bytes);
  sample_files(to.open_fds, to.max_fds);
}

} // namespace iris::observability
