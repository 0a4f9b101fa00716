#pragma once

#include "base/ids.hpp"
#include "persistence/disk.hpp"
#include "persistence/shard_image.hpp"
#include "persistence/store_options.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace iris::persistence {

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
  /// another shard's keys or an applied point: then nothing is applied. Returns
  /// the applied point's checksum behind each of them.
  result<std::vector<std::uint64_t>>
  apply(std::span<const committed_entry> entries);

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

  // -- a replica made anew from another's image -------------------------------

  /// The shard as it is now, whatever is applied later. Fails with unavailable
  /// while it is incomplete.
  result<std::unique_ptr<shard_image>> image(shard_id shard) const;

  /// Whether the shard was cleared and not finished: nothing of it counts.
  result<bool> incomplete(shard_id shard) const;

  /// Marks the shard as incomplete and deletes up to `keys_max` of its keys.
  /// Returns whether none is left.
  result<bool> clear(shard_id shard, std::size_t keys_max);

  /// Takes in records of an image. Fails with corrupt, and takes in none, when
  /// one is damaged or belongs elsewhere. Precondition: cleared.
  result<void> restore(shard_id shard, std::span<const shard_record> records);

  /// The shard is as the image was: makes it durable, and complete.
  result<void> finish(shard_id shard, const applied_point& at);

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
