#include "apps/bench/stage.hpp"

#include <unistd.h>

namespace iris::bench {

namespace {

using namespace std::chrono_literals;

constexpr auto open_timeout = 2min;
constexpr auto settle_timeout = 1min;

traffic::options traffic_options(const rig& on, const load_options& with) {
  return {with.pairs, with.body_bytes, on.run_name(), with.echo};
}

double own_cpu_s() {
  auto now = usage_of(getpid());
  return now ? now->cpu_s : 0;
}

} // namespace

stage::stage(rig& at, const load_options& load)
  : on(at), with(load), work(traffic_options(at, load)),
    users(at.loop(), at.fleet_options(), work) {
  work.populate(users);
}

result<void> stage::open_senders() {
  users.open(work.senders(), with.echo);
  return users.wait([this] { return users.opening() == 0; }, open_timeout,
                    "all senders to be connected");
}

result<void> stage::open_receivers() {
  users.open(work.receivers(), true);
  return users.wait([this] { return users.opening() == 0; }, open_timeout,
                    "all receivers to be connected");
}

void stage::keep_window_full(std::function<bool()> more) {
  work.on_acknowledged = [this, more](lane& x) {
    if (more())
      work.submit(x, now_ns());
  };
  for (auto& x : work.lanes())
    for (std::uint32_t i = 0; i < with.window && more(); ++i)
      work.submit(x, now_ns());
}

result<void> stage::settle() {
  auto done = users.wait(
    [this] { return work.all_acknowledged() && work.all_delivered(); },
    settle_timeout, "everything to arrive");
  // Silence is what the checker counts; other failures are no measurement.
  if (!done && done.failure().code == errc::timed_out)
    return {};
  return done;
}

result<void> stage::run_for(double seconds) {
  auto end = steady::now()
             + std::chrono::duration_cast<steady::duration>(
               std::chrono::duration<double>{seconds});
  auto ran = users.wait([end] { return steady::now() >= end; },
                        end - steady::now(), "the time to pass");
  if (!ran && ran.failure().code == errc::timed_out)
    return {};
  return ran;
}

cpu_meter::cpu_meter(const rig& on)
  : on_(on), node_s_(on.node_usage().cpu_s), own_s_(own_cpu_s()),
    stolen_s_(stolen_cpu_s()) {
  // nop
}

void cpu_meter::add_to(report& out) const {
  out.add("generator_cpu", own_cpu_s() - own_s_, "s");
  if (on_.node_is_known())
    out.add("node_cpu", on_.node_usage().cpu_s - node_s_, "s");
  out.add("stolen_cpu", stolen_cpu_s() - stolen_s_, "s");
}

} // namespace iris::bench
