#pragma once

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "cluster/raft/core.hpp"
#include "persistence/log_store.hpp"
#include "persistence/state_writer.hpp"
#include "persistence/writers.hpp"
#include "persistence/writes.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace iris::cluster {

/// One replica of a Raft group, and the way durable actors write and read.
///
///   stage ─→ open batch ─→ log writer ─→ commit ─→ waiters, state writer
///                (one in flight)                        └─→ readers
///
/// Owned by its shard actor; everything runs on `home`, and nothing blocks.
/// Invariants:
/// 1. At most one entry is in flight; what is staged meanwhile is the next.
/// 2. Waiters of an entry run after it is durable, in the order they staged.
/// 3. A read sees everything that was committed when it was asked for, or
///    everything that was staged.
/// 4. The first failed write stops the shard for good; nobody is answered.
/// 5. No entry is proposed while more than `unapplied_bytes_max` is committed
///    and not applied: who waits for the commit is slowed down to the speed
///    of the state store, whose writes LevelDB holds up while it compacts.
class shard {
public:
  static constexpr std::size_t unapplied_bytes_max = 2 * 1024 * 1024;

  struct parts {
    shard_id id;
    node_id self;
    persistence::log_writer& log;
    persistence::state_writer& writer;
    const persistence::state_store& state;
    executor& home;
    executor& readers;
    const clock& time;
    std::uint64_t seed = 0;
  };

  struct events {
    /// This replica leads and has applied all that was committed before.
    std::function<void()> on_leading;
    /// It can't go on; the error says why.
    std::function<void(const error&)> on_stopped;
    /// An entry was committed, so long after the first of its writes was
    /// staged.
    std::function<void(std::chrono::nanoseconds)> on_committed;
  };

  shard(parts with, events tell);

  /// Goes on from what the log holds. `applied` is the state store's point.
  void start(persistence::loaded_log log, persistence::applied_point applied);

  bool leading() const noexcept { return leading_; }

  /// What is staged or committed but not applied. Staging always works, for
  /// what was decided is never refused: take less on while this is much.
  std::size_t pending_bytes() const noexcept {
    return pending_bytes_ + open_.size();
  }

  /// Entries that are committed and not applied.
  std::uint64_t lag() const noexcept { return committed_ - applied_; }

  /// Who waits for a write. Once this has stopped, nobody is called any more.
  struct waiter {
    /// May be empty. Nothing that any shard of this node stages from now on
    /// becomes durable without it. That is when the log was handed it, for one
    /// log serves them all in order and each has this one voter.
    task logged;
    /// It is durable.
    task committed;
  };

  /// Adds the writes to the next entry. Precondition: it has led.
  void stage(const persistence::writes& what, waiter who);

  /// Runs `work` on the readers' executor, see invariant 3.
  void read(std::function<void(const persistence::state_store&)> work);

  /// The same with all that is staged, by whomever: an actor that failed may
  /// have left writes on their way, which the next one of its name has to see.
  void read_staged(std::function<void(const persistence::state_store&)> work);

  /// Ends it: whoever waits is forgotten, and nobody is called any more.
  void close();

  const parts& with() const noexcept { return parts_; }

private:
  struct pending_entry {
    std::uint64_t index = 0;
    persistence::log_entry entry;
    std::vector<waiter> waiters;
    std::chrono::nanoseconds staged_at{0};
  };

  struct parked_read {
    std::uint64_t index = 0;
    std::function<void(const persistence::state_store&)> work;
  };

  using outcome = persistence::state_writer::outcome;

  void started(const persistence::loaded_log& log);
  void take(result<raft::update> what);
  void append(const persistence::log_change& what);
  void persist(persistence::log_change change, std::uint64_t ticket);
  void submit(std::string payload, std::vector<waiter> waiters);
  void flush();
  void commit();
  void apply(const pending_entry& what);
  void applied(const result<outcome>& what);
  void cut_log(const pending_entry& last);
  void read_at(std::uint64_t index,
               std::function<void(const persistence::state_store&)> work);
  void stop(error why);

  bool in_flight() const noexcept { return last_ > committed_; }

  /// Calls back only while this shard lives and has not stopped.
  template <class F>
  auto guarded(F what) {
    return [alive = std::weak_ptr<bool>{alive_}, what](const auto&... xs) {
      if (auto still = alive.lock(); still && *still)
        what(xs...);
    };
  }

  const parts parts_;
  const events tell_;
  raft::core core_;
  /// False once stopped.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

  /// What the next entry will hold, and who waits for it.
  std::string open_;
  std::vector<waiter> open_waiters_;
  std::chrono::nanoseconds open_since_{0};
  bool flush_scheduled_ = false;

  /// Every entry above applied_, in order.
  std::deque<pending_entry> entries_;
  std::size_t pending_bytes_ = 0;
  std::uint64_t last_ = 0;
  std::uint64_t committed_ = 0;
  std::uint64_t applied_ = 0;
  std::deque<parked_read> reads_;

  /// The barrier of this term: once applied, this replica leads.
  std::uint64_t barrier_ = 0;
  bool leading_ = false;

  /// In force at applied_, for the log's floor.
  std::string configuration_;
  std::uint64_t configuration_index_ = 0;
  bool cutting_ = false;
};

} // namespace iris::cluster
