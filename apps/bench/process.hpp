#pragma once

#include "apps/bench/histogram.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <string>

#include <sys/types.h>

namespace iris::bench {

/// What a process has used so far, and holds now.
struct usage {
  double cpu_s = 0; ///< user and system, all threads, to 10 ms
  std::uint64_t rss_bytes = 0;
};

/// Reads /proc. Fails with not_found if there is no such process.
result<usage> usage_of(pid_t pid);

/// The machine as the figures were taken: whether they mean anything.
struct machine {
  unsigned cores = 0;
  double load_1m = 0;
};

machine this_machine();

/// For how long virtual CPUs of this machine were ready to run and its host did
/// not let them, all together, in s. What a host's quota takes shows here only.
double stolen_cpu_s();

/// The same from the text of /proc/stat, in ticks of `per_s` to a second; 0 if
/// that has no such column.
double stolen_cpu_s(const std::string& stat, double per_s);

/// What a folder's file system is, as far as figures depend on it: "tmpfs"
/// (where a sync costs nothing), else "disk".
std::string file_system_of(const std::string& directory);

/// How long the disk of that folder takes for a small write that is synced, in
/// ns: `count` of them, one behind the other, in a file that has its full size
/// already and is gone afterwards. The floor of what a node can do there.
/// `between` is told how many there were, after each. Fails with io_failed.
result<histogram> sync_times(const std::string& directory, unsigned count,
                             const std::function<void(unsigned)>& between);

/// Allows this process as many open files as the system lets it have.
void raise_file_limit();

} // namespace iris::bench
