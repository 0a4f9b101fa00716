#pragma once

#include "base/ids.hpp"
#include "persistence/disk.hpp"
#include "persistence/store_options.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace iris::persistence {

/// How far a shard's entries have been applied.
struct applied_point {
  std::uint64_t index = 0;
  std::uint64_t term = 0;
  /// Hash over all writes applied so far: equal on all replicas.
  std::uint64_t checksum = 0;

  bool operator==(const applied_point&) const = default;
};

/// A committed entry to apply. `writes` as class writes encodes them; empty
/// for a barrier or a change of configuration.
struct committed_entry {
  shard_id shard;
  std::uint64_t index = 0;
  std::uint64_t term = 0;
  std::string_view writes;
};

/// What the actors of all shards of this node wrote: LevelDB database state/.
/// It is not synced: the Raft log is the truth, and is applied again from the
/// applied point after a crash. Any thread for reads, one thread for writes.
/// A failed write or sync is latched: every later one fails the same.
class state_store {
public:
  /// Fails with store_missing, store_locked, corrupt, storage_full, io_failed.
  static result<std::unique_ptr<state_store>>
  open(const std::string& dir, disk& where, const store_options& options = {});
  ~state_store();

  /// Applies the entries, with each shard's applied point, as one batch.
  /// Entries of a shard come in order; one at or below its applied index is
  /// a broken invariant. Fails with corrupt when writes are malformed or touch
  /// another shard's keys or an applied point: then nothing is applied.
  result<void> apply(std::span<const committed_entry> entries);

  result<applied_point> applied(shard_id shard) const;

  /// The payload of `key`. Fails with corrupt or io_failed.
  result<std::optional<std::string>> get(std::string_view key) const;

  /// Calls `visit(key, payload)` for the keys in [first, last), from the
  /// smallest up (or from the greatest down when `backwards`), until it
  /// returns false. An empty `last` stands for the end of the store. Fails
  /// with corrupt or io_failed; what came before has been visited then.
  result<void> scan(
    std::string_view first, std::string_view last, bool backwards,
    const std::function<bool(std::string_view, std::string_view)>& visit) const;

  /// Makes all that was applied so far durable, so that the log may forget it.
  result<void> sync();

  /// For metrics, any thread: tables that every read looks into (LevelDB slows
  /// writes from 8 on and stops them at 12), bytes of blocks in the cache, and
  /// bytes on disk of a shard.
  int level0_files() const;
  std::uint64_t cached_bytes() const;
  std::uint64_t approximate_bytes(shard_id shard) const;

private:
  struct impl;

public:
  /// For `open`.
  explicit state_store(std::unique_ptr<impl> pimpl);

private:
  std::unique_ptr<impl> impl_;
};

} // namespace iris::persistence
