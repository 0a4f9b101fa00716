#include "apps/bench/stage.hpp"

#include <csignal>

namespace iris::bench {

namespace {

double seconds(std::chrono::nanoseconds x) {
  return std::chrono::duration<double>{x}.count();
}

} // namespace

result<report> run_startup(rig& on, const stored_options& with) {
  stage x{on, with};
  if (auto ok = x.open_senders(); !ok)
    return ok.failure();
  auto out = on.begin_report("startup");
  out.add("start_empty", seconds(on.started_in()), "s");
  if (auto ok = store_messages(x, with.messages); !ok)
    return ok.failure();
  out.add("messages", static_cast<double>(with.messages), "");

  // First the crash: its start has a log to apply.
  x.users.clear();
  if (auto ok = on.restart(SIGKILL); !ok)
    return ok.failure();
  out.add("start_after_kill", seconds(on.started_in()), "s");
  if (auto ok = on.restart(SIGTERM); !ok)
    return ok.failure();
  out.add("start_after_stop", seconds(on.started_in()), "s");
  out.add("rss_after_start", static_cast<double>(on.node_usage().rss_bytes),
          "bytes");

  fleet again{on.loop(), on.fleet_options(), x.work};
  x.work.populate(again);
  again.open(x.work.receivers(), true);
  auto read =
    again.wait([&] { return again.opening() == 0 && x.work.all_delivered(); },
               std::chrono::minutes{15}, "everything to be read");
  if (!read && read.failure().code != errc::timed_out)
    return read.failure();
  out.found = x.work.finish();
  return out;
}

} // namespace iris::bench
