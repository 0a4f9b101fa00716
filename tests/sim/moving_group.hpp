#pragma once

#include "tests/sim/group.hpp"
#include "tests/sim/replicas.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace iris::sim {

/// One shard on nodes that all run a replica of it, and that are told where it
/// is wanted; a client who writes to whoever leads; and a judge.
class moving_group {
public:
  /// Nodes 1 to `nodes`, of which the first `founders` begin the group.
  moving_group(std::uint64_t seed, std::size_t nodes, std::size_t founders,
               member::options with = {});

  void start();

  world& here() noexcept { return here_; }
  switchboard& board() noexcept { return board_; }
  member& at(std::size_t node) { return *all_[node - 1]; }
  std::size_t size() const noexcept { return all_.size(); }
  const std::vector<node_id>& ids() const noexcept { return ids_; }
  member* leader();

  /// Everybody is told.
  void place(const cluster::placement& wanted);
  /// That one is, and the others are not.
  void place(const cluster::placement& wanted, node_id told);
  const cluster::placement& wanted() const noexcept { return wanted_; }

  /// The next value, to each that says that it leads.
  void put();
  std::size_t acked() const noexcept { return acked_.size(); }
  /// The newest configuration that was called committed.
  const cluster::raft::configuration& servers() const {
    return committed().servers;
  }
  const cluster::group_servers& committed() const;
  std::size_t changes() const noexcept { return servers_.size(); }

  /// What replicas have applied by now goes to the judge.
  void look();
  /// Lets time pass, and looks now and then.
  bool run(std::chrono::nanoseconds duration,
           const std::function<bool()>& done = {});
  /// Whether the group is where it is wanted, with its leader, and all its
  /// servers have applied the same.
  bool settled();
  /// The same until it is, with a write at the end; what is wrong then is
  /// among the problems.
  void settle();

  /// A sentence for each.
  const std::vector<std::string>& problems();

private:
  /// By the index of the entry.
  using history = std::map<std::uint64_t, cluster::group_servers>;

  void note(const cluster::group_servers& what);
  void check_voters(history::const_iterator at);

  world here_;
  switchboard board_{here_};
  std::vector<node_id> ids_;
  std::vector<std::unique_ptr<member>> all_;
  cluster::placement wanted_;
  std::uint64_t next_ = 1;
  std::set<std::uint64_t> acked_;
  history servers_;
  /// By revision: how many voters were wanted.
  std::map<std::uint64_t, std::size_t> sizes_;
  ledger ledger_;
  std::vector<std::string> problems_;
};

/// What a storm did.
using storm_counts = std::map<std::string, std::size_t>;

/// Everything goes wrong at random while the group is told again and again to
/// be somewhere else; then all is well, and it has to get there. Returns what
/// did not hold; empty if all did.
std::string move_in_a_storm(std::uint64_t seed, storm_counts& counts);

} // namespace iris::sim
