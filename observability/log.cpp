#include "observability/log.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

namespace iris::observability {

/// spdlog, as far as Iris needs it: its queue and its thread.
class logger::backend {
public:
  backend(std::size_t queue_lines, std::shared_ptr<log_sink> to)
    : sink_(std::make_shared<adapter>(std::move(to))) {
    if (queue_lines > 0) {
      pool_ = std::make_shared<spdlog::details::thread_pool>(queue_lines, 1);
      logger_ = std::make_shared<spdlog::async_logger>(
        "", sink_, pool_, spdlog::async_overflow_policy::overrun_oldest);
    } else {
      logger_ = std::make_shared<spdlog::logger>("", sink_);
    }
    logger_->set_error_handler([this](const std::string&) { lose(); });
  }

  void push(std::string_view line) {
    // Iris puts its own time into the line.
    logger_->log(spdlog::log_clock::time_point{}, spdlog::source_loc{},
                 spdlog::level::info, {line.data(), line.size()});
  }

  void lose() noexcept { failed_.fetch_add(1, std::memory_order_relaxed); }

  std::uint64_t lost() const {
    auto overrun = pool_ ? pool_->overrun_counter() : 0;
    return overrun + failed_.load(std::memory_order_relaxed)
           + sink_->failed.load(std::memory_order_relaxed);
  }

private:
  class adapter : public spdlog::sinks::base_sink<std::mutex> {
  public:
    explicit adapter(std::shared_ptr<log_sink> to) : to_(std::move(to)) {}

    std::atomic<std::uint64_t> failed{0};

  protected:
    void sink_it_(const spdlog::details::log_msg& line) override {
      if (!to_->write({line.payload.data(), line.payload.size()}))
        failed.fetch_add(1, std::memory_order_relaxed);
    }
    void flush_() override {}

  private:
    std::shared_ptr<log_sink> to_;
  };

  std::atomic<std::uint64_t> failed_{0};
  std::shared_ptr<adapter> sink_;
  std::shared_ptr<spdlog::logger> logger_;
  // Last, so that its thread ends first: it writes what is queued.
  std::shared_ptr<spdlog::details::thread_pool> pool_;
};

logger::logger(const log_options& options, std::shared_ptr<log_sink> to,
               const clock& time)
  : level_(options.level), format_(options.format), node_(options.node),
    time_(time),
    backend_(std::make_unique<backend>(options.queue_lines, std::move(to))) {}

logger::~logger() = default;

void logger::write(log_level level, const message_context* about, literal text,
                   fields with) noexcept {
  try {
    log_line line{time_.wall_now(), level, node_,
                  text.str(),       about, {with.begin(), with.size()}};
    backend_->push(format(format_, line));
  } catch (...) {
    // Out of memory: whoever logs has something more important to do.
    backend_->lose();
  }
}

std::uint64_t logger::lines_lost() const {
  return backend_->lost();
}

void logger::sample(metrics& to) {
  std::lock_guard guard{sampling_};
  auto now = lines_lost();
  to.log_lines_lost.add(now - sampled_);
  sampled_ = now;
}

} // namespace iris::observability
