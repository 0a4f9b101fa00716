#include "apps/bench/stage.hpp"

namespace iris::bench {

namespace {

using namespace std::chrono_literals;

constexpr auto store_timeout = 15min;

double seconds_since(std::uint64_t began) {
  return static_cast<double>(now_ns() - began) / 1e9;
}

} // namespace

result<void> store_messages(stage& x, std::uint64_t count) {
  x.keep_window_full([&x, count] { return x.work.submitted() < count; });
  return x.users.wait([&x, count] { return x.work.acknowledged() >= count; },
                      store_timeout, "everything to be stored");
}

result<report> run_stored(rig& on, const stored_options& with) {
  stage x{on, with};
  if (auto ok = x.open_senders(); !ok)
    return ok.failure();
  auto out = on.begin_report("f3");
  cpu_meter cpu{on};
  auto count = static_cast<double>(with.messages);

  auto began = now_ns();
  if (auto ok = store_messages(x, with.messages); !ok)
    return ok.failure();
  auto store_rate = count / seconds_since(began);
  out.add("messages", count, "");
  out.add("store_rate", store_rate, "per_s");

  began = now_ns();
  if (auto ok = x.open_receivers(); !ok)
    return ok.failure();
  if (auto ok = x.settle(); !ok)
    return ok.failure();
  auto drain_rate =
    static_cast<double>(x.work.delivered()) / seconds_since(began);
  out.add("drain_rate", drain_rate, "per_s");
  out.add("drain_to_store", drain_rate / store_rate, "times");
  cpu.add_to(out);
  out.found = x.work.finish();
  return out;
}

} // namespace iris::bench
