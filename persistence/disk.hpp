#pragma once

#include <cstdint>
#include <leveldb/env.h>
#include <string>

namespace iris::persistence {

/// What class guarded_env adds to LevelDB. Tests switch a rule off to show
/// what it is for; nothing else does.
struct guard_rules {
  bool sync_directories = true;  ///< after create and rename
  bool sync_closed_logs = true;  ///< LevelDB's write-ahead logs
  bool latch_failures = true;    ///< a failed write or sync is never retried
  bool accept_torn_tails = true; ///< what a crash cut short is no damage
  /// What a log whose every record is synced gets ahead of its end; 0: nothing.
  std::uint64_t reserve_bytes = std::uint64_t{8} << 20;
};

/// What `LockFile` says of a lock that somebody holds; every other failure has
/// another code. LevelDB has none for it, and does not look at this one.
inline leveldb::Status lock_is_held(const std::string& path) {
  return leveldb::Status::NotSupported("lock " + path, "already held");
}

/// Where a store keeps its files. Every store wraps `env` in a guarded_env of
/// its own, so there is no way to open one without the guard.
class disk {
public:
  virtual ~disk() = default;

  /// The files as they are, unguarded.
  virtual leveldb::Env& env() = 0;

  /// Makes creates, renames and removals in `dir` durable.
  virtual leveldb::Status sync_directory(const std::string& dir) = 0;

  /// Makes the file `size` bytes long, with zeros behind its end that have
  /// their place on the disk: to sync what is written over them needs no change
  /// of the file's size. False when that can't be, for lack of room or of
  /// support; the file may have become longer all the same.
  virtual bool reserve(const std::string& path, std::uint64_t size) = 0;

  /// Gives back what a file has behind its first `size` bytes.
  virtual leveldb::Status truncate(const std::string& path,
                                   std::uint64_t size) = 0;

  /// Called after each call into LevelDB, with no lock held. A simulated disk
  /// runs LevelDB's background work here, so that it is deterministic.
  virtual void settle() {}

  /// Free bytes for `dir`'s file system; 0 when that can't be told.
  virtual std::uint64_t free_bytes(const std::string& dir) = 0;

  virtual guard_rules rules() const { return {}; }
};

} // namespace iris::persistence
