#pragma once

#include "base/clock.hpp"
#include "observability/format.hpp"
#include "observability/metrics.hpp"
#include "observability/sink.hpp"

#include <atomic>
#include <initializer_list>
#include <memory>
#include <mutex>

namespace iris::observability {

struct log_options {
  log_level level = log_level::info;
  log_format format = log_format::json;
  node_id node;
  /// Lines that wait for the writing thread. When it is full, the oldest line
  /// is dropped and counted: logging never blocks the node. 0: no thread, the
  /// caller writes; for tests and the simulation.
  std::size_t queue_lines = 8192;
};

/// The log of one node, made by the wiring and passed by reference. Any
/// thread. A line costs its formatting and a push to a queue; below the level
/// it costs one load. Lines of one thread keep their order.
///
///   log.info("shard has a leader", {{"shard", id}, {"leader", node}});
///   log.warn(about, "send refused", {{"code", errc::overloaded}});
class logger {
public:
  using fields = std::initializer_list<field>;

  logger(const log_options& options, std::shared_ptr<log_sink> to,
         const clock& time);
  /// Writes what is queued first. Nobody may log any more.
  ~logger();
  logger(const logger&) = delete;
  logger& operator=(const logger&) = delete;

  bool enabled(log_level x) const noexcept {
    return x >= level_.load(std::memory_order_relaxed);
  }
  void set_level(log_level x) noexcept {
    level_.store(x, std::memory_order_relaxed);
  }

  void debug(literal text, fields with = {}) noexcept {
    log(log_level::debug, nullptr, text, with);
  }
  void info(literal text, fields with = {}) noexcept {
    log(log_level::info, nullptr, text, with);
  }
  void warn(literal text, fields with = {}) noexcept {
    log(log_level::warn, nullptr, text, with);
  }
  void error(literal text, fields with = {}) noexcept {
    log(log_level::error, nullptr, text, with);
  }

  /// The same for a line about a message, which every such line has to be.
  void debug(const message_context& about, literal text,
             fields with = {}) noexcept {
    log(log_level::debug, &about, text, with);
  }
  void info(const message_context& about, literal text,
            fields with = {}) noexcept {
    log(log_level::info, &about, text, with);
  }
  void warn(const message_context& about, literal text,
            fields with = {}) noexcept {
    log(log_level::warn, &about, text, with);
  }
  void error(const message_context& about, literal text,
             fields with = {}) noexcept {
    log(log_level::error, &about, text, with);
  }

  /// Lines dropped because the queue was full or the sink failed.
  std::uint64_t lines_lost() const;

  /// Brings `log_lines_lost` up to date, before it is read.
  void sample(metrics& to);

private:
  class backend;

  void log(log_level level, const message_context* about, literal text,
           fields with) noexcept {
    if (enabled(level))
      write(level, about, text, with);
  }
  void write(log_level level, const message_context* about, literal text,
             fields with) noexcept;

  std::atomic<log_level> level_;
  const log_format format_;
  const node_id node_;
  const clock& time_;
  std::unique_ptr<backend> backend_;
  std::mutex sampling_;
  std::uint64_t sampled_ = 0;
};

} // namespace iris::observability
