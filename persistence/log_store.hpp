#pragma once

#include "base/ids.hpp"
#include "persistence/disk.hpp"
#include "persistence/store_options.hpp"

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace iris::persistence {

/// One entry of a shard's Raft log.
struct log_entry {
  std::uint64_t term = 0;
  std::uint8_t type = 0; ///< as cluster/raft numbers them
  /// Shared with whoever replicates or applies it; never null.
  std::shared_ptr<const std::string> payload;
};

/// Raft's persistent state besides the log (Raft paper, figure 2).
struct hard_state {
  std::uint64_t term = 0;
  std::uint64_t vote = 0;

  bool operator==(const hard_state&) const = default;
};

/// The state that the store of applied writes stands for: entries up to
/// `index` are not needed any more.
struct log_floor {
  std::uint64_t index = 0;
  std::uint64_t term = 0;
  /// Encoded configuration in force at `index`, and the index it came with.
  std::string configuration;
  std::uint64_t configuration_index = 0;

  bool operator==(const log_floor&) const = default;
};

/// What is to be made durable for one shard, in one step.
struct log_change {
  shard_id shard;
  std::optional<hard_state> state;
  /// Entries first_index, first_index + 1, …; whatever stood at first_index
  /// and behind is replaced, also by no entries at all. 0: the log stays.
  /// Leaves no gap behind the entries that are there.
  std::uint64_t first_index = 0;
  std::vector<log_entry> entries;
  /// A new floor: entries below `keep_from` are deleted, which is at most one
  /// behind the floor. Makes a gap up to first_index fine.
  std::optional<log_floor> floor;
  std::uint64_t keep_from = 0;
};

/// All that a shard needs at start.
struct loaded_log {
  hard_state state;
  log_floor floor;
  std::uint64_t first_index = 1; ///< of entries[0]
  std::vector<log_entry> entries;
};

/// Whether what it held is not known any more: it was of the floor's term or
/// an earlier one. See log_store::lose.
inline bool lost(const loaded_log& log) noexcept {
  return log.floor.index == 0 && log.floor.term > 0;
}

/// One start of a node with a store. By its random number it is told from a
/// start of a copy of this store; by its mark, which grows while the process
/// runs, from a copy that was made meanwhile.
struct store_start {
  std::uint64_t number = 0;
  std::uint64_t mark = 0;

  bool operator==(const store_start&) const = default;
};

/// So many starts of its own a store keeps, the newest.
inline constexpr std::size_t starts_max = 4096;

/// What this node remembers of another one's process.
struct known_peer {
  std::uint64_t store = 0;       ///< see identity
  std::uint64_t incarnation = 0; ///< the highest that was seen
  /// Which start that was; number 0: not known yet.
  store_start last = {};
  /// A link was up, so that the other node remembers this one as well.
  bool met = false;

  bool operator==(const known_peer&) const = default;
};

/// The Raft logs of all shards of this node: LevelDB database log/; and what it
/// must not forget of processes, its own and those of other nodes. Every
/// change is one synced batch. There is no way to write without a sync. One
/// thread at a time. A failed write or sync is latched.
class log_store {
public:
  /// Fails with store_missing, store_locked, corrupt, storage_full, io_failed.
  static result<std::unique_ptr<log_store>>
  open(const std::string& dir, disk& where, const store_options& options = {});
  ~log_store();

  /// One batch and one fsync for all changes. When it fails nothing may be
  /// assumed of any of them. Fails with storage_full or io_failed.
  result<void> append(std::span<const log_change> changes);

  /// Fails with corrupt when an entry is missing or damaged.
  result<loaded_log> load(shard_id shard) const;

  /// What the log of this shard held goes, for good, but for its term and vote:
  /// it is a lost one from now on. Durable when it returns. Fails with corrupt,
  /// and changes nothing, if these can't be read either.
  result<void> lose(shard_id shard);

  /// The floor alone; all zeros when there is none.
  result<log_floor> floor(shard_id shard) const;

  /// How often a node has started with this store. Fails with corrupt.
  result<std::uint64_t> incarnation() const;

  /// Counts a start, which has the random `number`: durable with it when this
  /// returns.
  result<std::uint64_t> next_incarnation(std::uint64_t number);

  /// The starts that are kept, oldest first. Fails with corrupt.
  result<std::vector<store_start>> starts() const;

  /// Durable when it returns, in place of what was kept of this start.
  result<void> renew(std::uint64_t incarnation, const store_start& start);

  /// The other nodes that were ever spoken to. Fails with corrupt.
  result<std::map<node_id, known_peer>> peers() const;

  /// Durable when it returns, in place of what was known of this node.
  result<void> remember(node_id peer, const known_peer& what);

  /// Whether a write has failed, so that every later one will: until it is
  /// opened again. Any thread.
  bool failed() const;

  /// Whether opening found the last record cut short or damaged, and left it
  /// out. After a crash that is the write that was in flight and never
  /// acknowledged. Damage to the very last record that a crash left looks the
  /// same: where others have the entries too, let this node catch up before
  /// it votes.
  bool tail_was_torn() const noexcept;

  /// For metrics, any thread: tables that every read looks into (LevelDB slows
  /// writes from 8 on and stops them at 12), and bytes on disk.
  int level0_files() const;
  std::uint64_t approximate_bytes() const;

private:
  struct impl;

public:
  /// For `open`.
  explicit log_store(std::unique_ptr<impl> pimpl);

private:
  std::unique_ptr<impl> impl_;
};

} // namespace iris::persistence
