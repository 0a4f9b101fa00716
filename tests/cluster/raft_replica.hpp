#pragma once

#include "base/random.hpp"
#include "tests/cluster/raft_judge.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>

namespace iris::test {

/// What a replica has made of the entries up to `at.index`.
struct raft_state {
  persistence::log_floor at;
  std::uint64_t hash = 0;
};

/// A replica of a group: a core, a disk that forgets what was not written, and
/// a state machine that hashes. Whoever owns it moves messages, time and disk.
class raft_replica {
public:
  using message = cluster::raft::message;
  using core = cluster::raft::core;

  struct parts {
    node_id id;
    cluster::raft::options with;
    raft_judge& judge;
    std::function<void(const message&)> send;
    /// It has to fetch the leader's state, and calls `install` with it.
    std::function<void(const message&)> fetch;
    /// Entries above the floor that stay, and those that make it cut its log.
    std::uint64_t trailing = 1'000'000;
    std::uint64_t cut_after = 1'000'000;
    /// A lone voter keeps in memory only what is not applied.
    bool forgets = false;
  };

  explicit raft_replica(parts with) : parts_(std::move(with)) {}

  /// The first configuration of a new group.
  void begin_with(const cluster::raft::configuration& first);
  void start(std::chrono::nanoseconds now, std::uint64_t seed);
  /// All that is not on the disk is lost.
  void stop();

  bool up() const noexcept { return core_ != nullptr; }
  core& it() { return *core_; }
  const core& it() const { return *core_; }
  node_id id() const noexcept { return parts_.id; }
  const raft_state& state() const noexcept { return state_; }
  const persistence::loaded_log& disk() const noexcept { return disk_; }
  bool leads() const {
    return up() && core_->role() == cluster::raft::role::leader;
  }

  /// The last configuration of its log, on the disk or not, and its index.
  std::pair<std::uint64_t, cluster::raft::configuration> latest_servers() const;

  // Events. False if the core refused, and goes on.
  void receive(std::chrono::nanoseconds now, const message& what);
  void tick(std::chrono::nanoseconds now);
  bool submit(std::chrono::nanoseconds now, std::string payload);
  bool change(std::chrono::nanoseconds now,
              const cluster::raft::configuration& next);
  bool catch_up(std::chrono::nanoseconds now, node_id who);
  bool transfer(std::chrono::nanoseconds now, node_id to);

  /// Writes that are not on the disk, and which of them is there now.
  std::size_t writing() const noexcept { return writes_.size(); }
  std::uint64_t written() const noexcept { return written_; }
  /// The oldest one is durable and its owner told.
  void write(std::chrono::nanoseconds now);
  /// Some reach the disk without anybody being told, one of them in part.
  void write_some(random_source& random);

  /// The state that it asked for with `fetch`; starts again from it, or, if
  /// the log did not follow, as one that fell in between.
  void install(std::chrono::nanoseconds now, const raft_state& fetched,
               std::uint64_t seed, bool log_follows);

private:
  struct disk_write {
    persistence::log_change change;
    std::uint64_t ticket = 0;
    std::optional<raft_state> state; ///< to be durable before the log is cut
  };

  void settle(result<cluster::raft::update> what);
  void check(const cluster::raft::update& what);
  void apply();
  void cut(std::chrono::nanoseconds now, const raft_state& durable);
  void put(const persistence::log_change& what, std::size_t entries_max);
  void check_servers() const;
  void check_leader() const;
  void check_message(const message& what) const;
  void check_log() const;
  bool durable(std::uint64_t index, std::uint64_t term) const;

  parts parts_;
  // What a crash leaves.
  persistence::loaded_log disk_;
  raft_state durable_;
  // What it does not.
  std::unique_ptr<core> core_;
  raft_state state_;
  std::deque<disk_write> writes_;
  std::uint64_t written_ = 0;
  std::map<std::uint64_t, std::uint64_t> submitted_; ///< terms by index
  bool cutting_ = false;
  std::uint64_t led_term_ = 0; ///< the last one that it led
};

} // namespace iris::test
