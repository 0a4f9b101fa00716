#pragma once

#include "apps/bench/scenarios.hpp"

namespace iris::bench {

/// What most scenarios begin with and go through.
class stage {
public:
  stage(rig& at, const load_options& load);

  rig& on;
  const load_options with;
  traffic work;
  fleet users;

  result<void> open_senders();
  result<void> open_receivers();

  /// Fills every lane's window, and from then on sends one message for each
  /// that is acknowledged while `more()` holds.
  void keep_window_full(std::function<bool()> more);

  /// Waits until all that was sent is acknowledged and delivered. What hasn't
  /// come by then is for the report to count as lost.
  result<void> settle();

  /// Handlers run for that long.
  result<void> run_for(double seconds);
};

/// Sends until `count` messages are acknowledged, in all.
result<void> store_messages(stage& x, std::uint64_t count);

/// What node and load generator used of the processor from now on, and what the
/// machine's host kept from all.
class cpu_meter {
public:
  explicit cpu_meter(const rig& on);
  /// Adds all since the start.
  void add_to(report& out) const;

private:
  const rig& on_;
  double node_s_;
  double own_s_;
  double stolen_s_;
};

} // namespace iris::bench
