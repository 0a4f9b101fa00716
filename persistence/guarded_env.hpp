#pragma once

#include "persistence/disk.hpp"

#include <atomic>
#include <mutex>

namespace iris::persistence {

/// How much of a write-ahead log's end a crash may have cut short.
enum class torn_tail {
  last_record, ///< every record is synced before the next is written
  any_records, ///< what is lost can be had again elsewhere
};

/// LevelDB 1.23 leaves gaps between what it has synced and what survives a
/// crash. This closes them, for one database:
///
/// 1. A new file's or directory's name, and a rename (CURRENT's), is durable
///    before the call returns (google/leveldb#189, #195).
/// 2. A write-ahead log is durable when it is closed, so a later log can't
///    outlive the end of an earlier one (google/leveldb#193).
/// 3. The first failed create, write, sync, close or rename is remembered, and
///    every later one fails the same: after a failed fsync the kernel calls
///    lost pages clean, so a second try would lie. LevelDB ignores some of
///    these failures (a log's close); who writes asks `failure` after each
///    call. Removals fail then too: LevelDB removes a MANIFEST whose CURRENT
///    it believes it failed to write.
/// 4. The end of the newest write-ahead log or of the MANIFEST that a crash
///    cut short is left out when it is read; LevelDB would refuse the store.
///    Damage anywhere else stays, for LevelDB to find.
/// 5. A MANIFEST is refused whose write-ahead log is gone: its last record
///    was lost after it had been relied upon.
/// 6. A write-ahead log whose every record is synced is given room ahead, so
///    that a sync changes no file's size. The zeros are given back when it is
///    closed, and left out when it is read.
///
/// Any thread.
class guarded_env final : public leveldb::EnvWrapper {
public:
  /// `where` must outlive this.
  guarded_env(disk& where, torn_tail tail);

  /// The remembered failure; ok when there was none.
  leveldb::Status failure() const;

  /// Whether the newest write-ahead log was read without its damaged end.
  bool tail_was_torn() const noexcept { return torn_; }

  /// Whether a lock was refused because it is held.
  bool lock_was_refused() const noexcept { return lock_refused_; }

  leveldb::Status NewSequentialFile(const std::string& path,
                                    leveldb::SequentialFile** out) override;
  leveldb::Status NewWritableFile(const std::string& path,
                                  leveldb::WritableFile** out) override;
  leveldb::Status NewAppendableFile(const std::string& path,
                                    leveldb::WritableFile** out) override;
  leveldb::Status CreateDir(const std::string& path) override;
  leveldb::Status RenameFile(const std::string& from,
                             const std::string& to) override;
  leveldb::Status RemoveFile(const std::string& path) override;
  leveldb::Status LockFile(const std::string& path,
                           leveldb::FileLock** out) override;

private:
  class file;

  /// Runs `work` unless a failure is remembered, and remembers its failure.
  template <class Work>
  leveldb::Status guarded(Work&& work);
  leveldb::Status sync_directory_of(const std::string& path);
  leveldb::Status open_for_writing(
    leveldb::Status (leveldb::Env::*open)(const std::string&,
                                          leveldb::WritableFile**),
    const std::string& path, std::uint64_t reserve,
    leveldb::WritableFile** out);
  leveldb::Status read_log(const std::string& path, std::string& bytes);
  leveldb::Status read_manifest(const std::string& path, std::string& bytes);
  leveldb::Status is_newest_log(const std::string& path, bool& out);

  disk& disk_;
  const torn_tail tail_;
  const guard_rules rules_;
  std::atomic<bool> torn_ = false;
  std::atomic<bool> lock_refused_ = false;
  std::atomic<bool> failed_ = false;
  mutable std::mutex mutex_;
  leveldb::Status failure_;
};

} // namespace iris::persistence
