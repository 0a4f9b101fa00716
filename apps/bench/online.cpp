#include "apps/bench/stage.hpp"

namespace iris::bench {

result<report> run_online(rig& on, const load_options& with) {
  stage x{on, with};
  if (auto ok = x.open_senders(); !ok)
    return ok.failure();
  if (auto ok = x.open_receivers(); !ok)
    return ok.failure();
  bool sending = true;
  x.keep_window_full([&sending] { return sending; });
  if (auto ok = x.run_for(with.warmup_s); !ok)
    return ok.failure();

  auto out = on.begin_report("f1");
  cpu_meter cpu{on};
  x.work.measuring = true;
  auto acknowledged = x.work.acknowledged();
  auto delivered = x.work.delivered();
  auto began = now_ns();
  if (auto ok = x.run_for(with.seconds); !ok)
    return ok.failure();
  auto seconds = static_cast<double>(now_ns() - began) / 1e9;
  x.work.measuring = false;
  delivered = x.work.delivered() - delivered;
  acknowledged = x.work.acknowledged() - acknowledged;
  // Both have to happen: the slower of the two is the rate.
  auto complete = std::min(delivered, acknowledged);
  out.add("messages", static_cast<double>(complete), "");
  out.add("rate", static_cast<double>(complete) / seconds, "per_s");
  out.add("ack", x.work.acknowledged_ns);
  out.add("delivery", x.work.delivered_ns);
  cpu.add_to(out);

  sending = false;
  if (auto ok = x.settle(); !ok)
    return ok.failure();
  out.found = x.work.finish();
  return out;
}

} // namespace iris::bench
