#include "apps/bench/stage.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cmath>

namespace iris::bench {

namespace {

/// Submits each message when it is due, on one lane after the other.
class pacer {
public:
  pacer(stage& x, double rate)
    : stage_(x), gap_ns_(1e9 / rate), began_(now_ns()),
      timer_(x.on.loop().io()) {
    wait();
  }

  void stop() {
    stopped_ = true;
    timer_.cancel();
  }

  /// How late the generator itself was, at worst.
  std::uint64_t late_ns() const noexcept { return late_ns_; }

private:
  std::uint64_t due() const {
    return began_
           + static_cast<std::uint64_t>(static_cast<double>(count_) * gap_ns_);
  }

  void wait() {
    auto now = now_ns();
    auto left = due() > now ? due() - now : 0;
    timer_.expires_after(std::chrono::nanoseconds{left});
    timer_.async_wait([this](boost::system::error_code why) {
      if (!why && !stopped_)
        submit_due();
    });
  }

  void submit_due() {
    auto now = now_ns();
    for (; due() <= now; ++count_) {
      late_ns_ = std::max(late_ns_, now - due());
      auto& lanes = stage_.work.lanes();
      stage_.work.submit(lanes[count_ % lanes.size()], due());
    }
    wait();
  }

  stage& stage_;
  const double gap_ns_;
  const std::uint64_t began_;
  std::uint64_t count_ = 0;
  std::uint64_t late_ns_ = 0;
  bool stopped_ = false;
  boost::asio::steady_timer timer_;
};

} // namespace

result<report> run_paced(rig& on, const paced_options& with) {
  auto out = on.begin_report("f2");
  // While there is no other load.
  if (auto ok = on.add_sync_times(out); !ok)
    return ok.failure();
  stage x{on, with};
  if (auto ok = x.open_senders(); !ok)
    return ok.failure();
  if (auto ok = x.open_receivers(); !ok)
    return ok.failure();
  pacer pace{x, with.rate};
  if (auto ok = x.run_for(with.warmup_s); !ok)
    return ok.failure();

  cpu_meter cpu{on};
  x.work.measuring = true;
  auto delivered = x.work.delivered();
  auto began = now_ns();
  if (auto ok = x.run_for(with.seconds); !ok)
    return ok.failure();
  auto seconds = static_cast<double>(now_ns() - began) / 1e9;
  delivered = x.work.delivered() - delivered;
  out.add("rate_wanted", with.rate, "per_s");
  out.add("rate", static_cast<double>(delivered) / seconds, "per_s");
  cpu.add_to(out);

  pace.stop();
  // The last ones count too: a stall at the end is a stall.
  if (auto ok = x.settle(); !ok)
    return ok.failure();
  out.add("end_to_end", x.work.delivered_ns);
  out.add("ack", x.work.acknowledged_ns);
  out.add("generator_late", static_cast<double>(pace.late_ns()) / 1000, "us");
  out.found = x.work.finish();
  return out;
}

} // namespace iris::bench
