#pragma once

#include "persistence/disk.hpp"

namespace iris::persistence {

/// The machine's files. Any thread.
class posix_disk final : public disk {
public:
  posix_disk();

  leveldb::Env& env() override { return env_; }
  leveldb::Status sync_directory(const std::string& dir) override;
  bool reserve(const std::string& path, std::uint64_t size) override;
  leveldb::Status truncate(const std::string& path,
                           std::uint64_t size) override;
  std::uint64_t free_bytes(const std::string& dir) override;

private:
  /// LevelDB's own files, with three things done in another way.
  ///
  /// 1. It has one background thread for all databases: a long compaction of
  ///    state/ would hold up log/. Each run gets a thread of its own instead;
  ///    a database never has two runs at a time.
  /// 2. Its locks are the process's: a second opening in the same process is
  ///    refused, but closes the file, which gives the first one's lock away.
  ///    These belong to the open file, and exclude LevelDB's.
  /// 3. It maps tables into memory, and blocks of those never get into the
  ///    cache: what reading takes would have no bound. These are read, by a
  ///    descriptor for each open table.
  class posix_env final : public leveldb::EnvWrapper {
  public:
    using EnvWrapper::EnvWrapper;
    leveldb::Status
    NewRandomAccessFile(const std::string& path,
                        leveldb::RandomAccessFile** out) override;
    leveldb::Status LockFile(const std::string& path,
                             leveldb::FileLock** out) override;
    leveldb::Status UnlockFile(leveldb::FileLock* lock) override;
    void Schedule(void (*work)(void*), void* arg) override {
      target()->StartThread(work, arg);
    }
  };

  posix_env env_;
};

} // namespace iris::persistence
