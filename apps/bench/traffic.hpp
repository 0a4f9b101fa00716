#pragma once

#include "apps/bench/checker.hpp"
#include "apps/bench/fleet.hpp"
#include "apps/bench/histogram.hpp"

#include <string>

namespace iris::bench {

/// One user who writes to another.
struct lane {
  std::uint32_t number = 0;
  member* sender = nullptr;
  member* receiver = nullptr;
  conversation_id conversation;
  std::uint64_t submitted = 0;
  std::uint64_t acknowledged = 0;
  message_id last;
  /// Of those not acknowledged, oldest first.
  std::deque<std::uint64_t> sent_ns;
  stream_checker seen;
  /// What the sender got of its own.
  stream_checker echoed;
};

/// Pairs of users, what they write, and whether it all arrives. Each run's
/// users are new, so sequences begin at 1 and every message is accounted for.
class traffic final : public fleet::events {
public:
  struct options {
    std::uint32_t pairs = 50;
    std::size_t body_bytes = 200;
    /// Users are called <name>-s0, <name>-r0, <name>-s1, …
    std::string name;
    /// Senders read their inbox too, as another device of theirs would.
    bool echo = false;
  };

  explicit traffic(options with) : options_(std::move(with)) {}

  /// Makes the members; opens none. Again, into another fleet: the same users,
  /// who go on where they were.
  void populate(fleet& in);

  std::vector<member*> senders() const;
  std::vector<member*> receivers() const;

  /// Sends the lane's next message, which counts as sent at `at_ns`.
  void submit(lane& on, std::uint64_t at_ns);

  std::vector<lane>& lanes() noexcept { return lanes_; }

  std::uint64_t submitted() const noexcept { return submitted_; }
  std::uint64_t acknowledged() const noexcept { return acknowledged_; }
  /// Whole messages that arrived, each counted once.
  std::uint64_t delivered() const noexcept { return arrived_; }
  bool all_acknowledged() const noexcept { return acknowledged_ == submitted_; }
  bool all_delivered() const noexcept {
    return arrived_ == submitted_ && (!options_.echo || echoed_ == submitted_);
  }

  /// The sum of all faults, once nothing is awaited any more.
  faults finish() const;

  /// Called for each acknowledgement.
  std::function<void(lane&)> on_acknowledged;
  /// Whether latencies are recorded.
  bool measuring = false;
  histogram acknowledged_ns;
  histogram delivered_ns;

private:
  void received(member& at, const protocol::item& what) override;
  void sent(member& by, const protocol::sent& what) override;
  std::string progress() const override;
  lane& lane_of(const member& x) { return lanes_[lanes_by_member_[x.index()]]; }

  const options options_;
  std::vector<lane> lanes_;
  std::vector<std::uint32_t> lanes_by_member_;
  std::uint64_t submitted_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t arrived_ = 0;
  std::uint64_t echoed_ = 0;
  faults elsewhere_;
};

} // namespace iris::bench
