#pragma once

#include "cluster/shard.hpp"
#include "persistence/log_store.hpp"
#include "persistence/state_store.hpp"
#include "tests/sim/memory_disk.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/world.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace iris::sim {

/// One replica of a shard on a machine of its own, without actors. It can be
/// killed at any moment; its disk stays.
class member final : cluster::network::receiver {
public:
  struct options {
    std::vector<node_id> voters;
    /// Small ones make logs that are cut often.
    std::uint64_t log_bytes_max = 64 * 1024 * 1024;
    std::size_t trailing_bytes = 1024 * 1024;
    /// What a leader keeps for who is down or slow.
    std::size_t lagging_bytes = 0;
    std::chrono::milliseconds rest{10'000};
    /// Told of each configuration that it calls committed.
    std::function<void(const cluster::group_servers&)> on_servers = {};
    std::uint64_t checkpoint_every = 256;
  };

  member(world& in, switchboard& board, node_id self, options with);
  ~member() override;

  void start();
  /// The power fails.
  void crash();

  /// Tells it where the group is wanted, also after each start.
  void place(const cluster::placement& wanted);

  bool running() const noexcept { return process_ != nullptr; }
  node_id id() const noexcept { return self_; }
  /// Why it stopped, if it did. Precondition: running.
  const error& stopped() const { return process_->stopped; }

  /// Precondition, of all below: running.
  cluster::shard& shard() { return *process_->shard; }
  const persistence::state_store& state() const { return *process_->state; }
  persistence::applied_point applied() const;
  /// Who leads, as it was last told. Precondition: running.
  std::optional<node_id> knows() const { return process_->leader; }
  /// As it was last told. Precondition: running.
  bool behind() const { return process_->behind; }
  /// How far its log is cut.
  persistence::log_floor floor() const;
  /// How many entries are in its log.
  std::size_t kept() const;
  std::map<std::string, std::string> contents() const;
  memory_disk& disk() noexcept { return disk_; }
  /// How often it had to copy another's state.
  int copies() const noexcept { return copies_; }
  /// Where it was found to differ from a majority.
  const std::vector<std::uint64_t>& differed() const noexcept {
    return differed_;
  }
  /// Something that nobody wrote, and that nobody but a comparison notices.
  /// Precondition: not running.
  void falsify(std::uint64_t n, const std::string& value);
  /// The n-th value is stored so, which nothing that was applied betrays.
  /// Precondition: not running.
  void damage(std::uint64_t n, const std::string& stored);

  static constexpr shard_id group{3};
  static std::string key(std::uint64_t n);
  /// What its log held is gone, and its state is to be copied, as a repair has
  /// it. Precondition: not running.
  void lose_log();
  /// What its state store is to take from now on waits this long.
  /// Precondition: running.
  void stall_state(std::chrono::nanoseconds duration) {
    process_->state_thread.stall(duration);
  }
  /// Writes `value` as the n-th; `done` runs once that is committed.
  void put(std::uint64_t n, const std::string& value, task done);

private:
  struct process {
    process(world& in, memory_disk& disk, std::uint64_t log_bytes_max);
    ~process();

    disk_thread home, log_thread, state_thread, readers;
    std::unique_ptr<persistence::log_store> log;
    std::unique_ptr<persistence::state_store> state;
    persistence::log_writer log_writer;
    persistence::state_writer state_writer;
    std::unique_ptr<switchboard::port> port;
    std::unique_ptr<cluster::shard_mail> mail;
    std::unique_ptr<cluster::shard> shard;
    error stopped;
    std::optional<node_id> leader;
    bool behind = true;
  };

  void load();
  void on_frame(node_id from, cluster::lane by, std::string frame) override;
  void on_link(node_id peer, bool up) override;

  world& world_;
  switchboard& board_;
  const node_id self_;
  const options options_;
  memory_disk disk_;
  std::unique_ptr<process> process_;
  cluster::placement wanted_;
  int copies_ = 0;
  std::vector<std::uint64_t> differed_;
};

} // namespace iris::sim
