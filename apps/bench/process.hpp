#pragma once

#include "base/result.hpp"

#include <cstdint>
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

/// What a folder's file system is, as far as figures depend on it: "tmpfs"
/// (where a sync costs nothing), else "disk".
std::string file_system_of(const std::string& directory);

/// Allows this process as many open files as the system lets it have.
void raise_file_limit();

} // namespace iris::bench
