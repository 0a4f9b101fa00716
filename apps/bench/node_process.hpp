#pragma once

#include "base/result.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include <sys/types.h>

namespace iris::bench {

/// A folder of its own that goes away with it.
class scratch_directory {
public:
  /// Below `parent`. Fails with io_failed.
  static result<scratch_directory> make(const std::filesystem::path& parent);
  ~scratch_directory();
  scratch_directory(scratch_directory&& other) noexcept;
  scratch_directory& operator=(scratch_directory&&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }

private:
  explicit scratch_directory(std::filesystem::path x) : path_(std::move(x)) {}
  std::filesystem::path path_;
};

/// An irisd that this process started, and ends by its process id.
class node_process {
public:
  struct options {
    std::filesystem::path program;
    std::filesystem::path config;
    /// Where its log goes.
    std::filesystem::path log;
    std::chrono::milliseconds start_timeout = std::chrono::minutes{5};
  };

  /// Starts it and waits until it says that it is ready. Fails with
  /// not_found (no program), timed_out, or io_failed with the end of its log.
  static result<std::unique_ptr<node_process>> start(const options& with);
  /// Kills it if it still runs.
  ~node_process();
  node_process(const node_process&) = delete;
  node_process& operator=(const node_process&) = delete;

  pid_t pid() const noexcept { return pid_; }
  /// From exec until it was ready.
  std::chrono::nanoseconds started_in() const noexcept { return started_in_; }
  /// host:port by transport, as it said: "tcp" -> "127.0.0.1:40123".
  const std::map<std::string, std::string>& listeners() const noexcept {
    return listeners_;
  }

  /// SIGTERM, or SIGKILL, and waits for the end. Fails with timed_out, or
  /// with failed when it ended by itself or badly.
  result<void> stop(int signal, std::chrono::milliseconds at_most);

private:
  node_process() = default;
  result<void> await_ready(int pipe, const options& with);
  void heed(const std::string& line, bool& ready);

  pid_t pid_ = -1;
  std::chrono::nanoseconds started_in_{0};
  std::map<std::string, std::string> listeners_;
};

} // namespace iris::bench
