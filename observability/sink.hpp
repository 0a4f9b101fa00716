#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace iris::observability {

/// Where log lines end up. Called by one thread at a time.
class log_sink {
public:
  virtual ~log_sink() = default;

  /// Writes one line, its '\n' included, before it returns. False if the
  /// line, or a part of it, is lost.
  virtual bool write(std::string_view line) noexcept = 0;

  /// Goes on in a new file under the same name, once somebody has renamed the
  /// one it writes to; elsewhere there is nothing to do. Any thread. On
  /// failure, with io_failed, it goes on where it was.
  virtual result<void> reopen() { return {}; }
};

/// The process's standard error, as systemd and containers want it.
std::shared_ptr<log_sink> stderr_sink();

/// Appends to a file, which is created readable by owner and group. It may be
/// rotated by renaming it and reopen(), or by copying and truncating. A device
/// or a pipe will do as well. Fails with io_failed, also if it is a pipe that
/// nobody reads.
result<std::shared_ptr<log_sink>> file_sink(const std::filesystem::path& path);

/// Keeps the lines, for tests and the simulation. Reading: any thread.
class memory_sink : public log_sink {
public:
  bool write(std::string_view line) noexcept override;

  std::vector<std::string> lines() const;

private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

} // namespace iris::observability
