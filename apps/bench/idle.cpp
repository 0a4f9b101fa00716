#include "apps/bench/stage.hpp"

namespace iris::bench {

namespace {

/// Connected before anything is measured, so that what a node makes once is
/// not counted as theirs.
constexpr std::uint32_t first_connections = 20;

/// Nobody writes to anybody.
struct silence final : fleet::events {
  void received(member&, const protocol::item&) override { ++items; }
  void sent(member&, const protocol::sent&) override { ++items; }
  std::uint64_t items = 0;
};

} // namespace

result<report> run_idle(rig& on, const idle_options& with) {
  using namespace std::chrono_literals;
  silence heard;
  fleet users{on.loop(), on.fleet_options(), heard};
  auto connect = [&, n = 0](std::uint32_t count) mutable {
    std::vector<member*> added;
    for (std::uint32_t i = 0; i < count; ++i)
      added.push_back(
        &users.add(*user_id::parse(on.run_name() + "-" + std::to_string(n++))));
    users.open(added, true);
    return users.wait([&] { return users.opening() == 0; }, 5min,
                      "all to be connected");
  };
  auto settle = [&] {
    auto end = now_ns() + static_cast<std::uint64_t>(with.settle_s * 1e9);
    return users.wait(
      [end] { return now_ns() >= end; },
      std::chrono::nanoseconds{static_cast<std::int64_t>(with.settle_s * 1e9)},
      "rest");
  };
  auto rest = [&]() -> result<void> {
    auto ok = settle();
    return ok || ok.failure().code == errc::timed_out ? result<void>{} : ok;
  };
  if (auto ok = connect(first_connections); !ok)
    return ok.failure();
  if (auto ok = rest(); !ok)
    return ok.failure();
  auto out = on.begin_report("f4");
  auto before = on.node_usage();
  auto began = now_ns();
  if (auto ok = connect(with.connections); !ok)
    return ok.failure();
  auto connect_s = static_cast<double>(now_ns() - began) / 1e9;
  if (auto ok = rest(); !ok)
    return ok.failure();
  auto after = on.node_usage();
  auto grown = static_cast<double>(after.rss_bytes)
               - static_cast<double>(before.rss_bytes);
  out.add("connections", with.connections, "");
  out.add("connect_rate", with.connections / connect_s, "per_s");
  out.add("rss_before", static_cast<double>(before.rss_bytes), "bytes");
  out.add("rss_after", static_cast<double>(after.rss_bytes), "bytes");
  out.add("rss_per_connection", grown / with.connections, "bytes");
  out.add("node_cpu", after.cpu_s - before.cpu_s, "s");
  out.found.misplaced = heard.items;
  return out;
}

} // namespace iris::bench
