#pragma once

#include "apps/bench/node_process.hpp"
#include "apps/bench/process.hpp"
#include "apps/bench/reserved_port.hpp"

#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace iris::bench {

/// Nodes that are started for a run, and ended: one, or several that found a
/// cluster. Each has a folder of its own below one that goes with them, and
/// chooses its ports anew each time it starts.
class own_nodes {
public:
  struct options {
    std::filesystem::path irisd;
    std::filesystem::path directory;
    std::string transport; ///< the one that they listen for: "tcp"
    bool tls = false;      ///< whether that is one with TLS
    std::uint32_t count = 1;
  };

  /// Fails with io_failed, and as start() does.
  static result<std::unique_ptr<own_nodes>> make(const options& with);

  /// Fails with usage (no program), timed_out or io_failed.
  result<void> start();
  /// Ends all by that signal, one after the other.
  result<void> stop(int signal);

  const std::filesystem::path& folder() const { return home_.path(); }
  const std::filesystem::path& config(std::size_t i) const {
    return programs_[i].config;
  }
  std::filesystem::path data_dir(std::size_t i) const {
    return folder() / ("node-" + std::to_string(i + 1));
  }
  std::size_t count() const noexcept { return programs_.size(); }
  /// host:port of the listener.
  result<std::string> address(std::size_t i) const;
  /// From exec of the first until it was ready.
  std::chrono::nanoseconds started_in() const {
    return running_.front()->started_in();
  }
  /// Of all of them.
  usage used() const;

private:
  own_nodes(options with, scratch_directory home);
  result<void> configure();
  result<void> configure_cluster();

  const options with_;
  scratch_directory home_;
  std::deque<reserved_port> ports_; ///< of a cluster, for the other nodes
  std::vector<node_process::options> programs_;
  /// Ended before their folders go.
  std::vector<std::unique_ptr<node_process>> running_;
};

} // namespace iris::bench
