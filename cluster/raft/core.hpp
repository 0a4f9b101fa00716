#pragma once

#include "base/ids.hpp"
#include "base/result.hpp"
#include "persistence/log_store.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

struct iris_raft;

/// Consensus: events in, updates out, no I/O. Nothing of the library behind it
/// shows here; the rules that make it safe are kept in this folder.
namespace iris::cluster::raft {

enum class entry_type : std::uint8_t {
  command = 1,
  barrier = 2,
  configuration = 3,
};

enum class role { follower, candidate, leader };

/// What has to happen after an event. Term and vote are made durable before
/// or together with the entries.
struct update {
  bool hard_state = false;
  bool commit = false;
  std::uint64_t first_index = 0;
  /// To append at first_index; whatever stands there and behind is replaced.
  std::vector<persistence::log_entry> entries;
};

/// One Raft group's replica (Ongaro, Ousterhout: "In Search of an
/// Understandable Consensus Algorithm", 2014). One thread at a time. After an
/// error the instance must not be used any more.
class core {
public:
  core(node_id self, std::uint64_t seed);
  ~core();

  /// What a new group of one voter begins with. Make it durable, then load.
  static persistence::log_change bootstrap(shard_id shard, node_id self);

  /// If this node is the only voter: the term and vote that must be durable
  /// before `start` (it elects itself, and a term is never used twice).
  static std::optional<persistence::hard_state>
  before_start(node_id self, const persistence::loaded_log& log);

  /// Precondition: what `before_start` asked for is in `log` and durable.
  result<update> start(std::chrono::nanoseconds now,
                       const persistence::loaded_log& log);

  /// Precondition: leader, and no entry in flight.
  result<update> submit(std::chrono::nanoseconds now, entry_type type,
                        std::shared_ptr<const std::string> payload);

  /// All entries up to `index` are durable here.
  result<update> persisted(std::chrono::nanoseconds now, std::uint64_t index);

  /// The configuration entry at `index` has been applied.
  result<update> configured(std::chrono::nanoseconds now, std::uint64_t index,
                            const std::string& configuration);

  /// Entries up to the floor may go.
  result<update> compacted(std::chrono::nanoseconds now,
                           const persistence::log_floor& floor);

  persistence::hard_state state() const;
  std::uint64_t commit_index() const;
  raft::role role() const;

private:
  struct deleter {
    void operator()(iris_raft* raft) const;
  };

  std::unique_ptr<iris_raft, deleter> raft_;
};

} // namespace iris::cluster::raft
