#pragma once

#include "base/result.hpp"
#include "persistence/guarded_env.hpp"
#include "persistence/store_options.hpp"

#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace iris::persistence {

/// One LevelDB database behind its guard, with LevelDB's errors as ours. Any
/// thread for reads, one thread for writes.
///
/// 1. After a write failed, every later one fails: see guarded_env.
/// 2. Opening removes nothing but what LevelDB made and needs no more, and
///    makes a database only where nothing or an unfinished one is.
class database {
public:
  /// Fails with store_missing, store_locked, corrupt, storage_full, io_failed.
  /// `where` must outlive this.
  static result<std::unique_ptr<database>> open(const std::string& dir,
                                                disk& where, torn_tail tail,
                                                const store_options& options);

  /// Files that a database may have open at a time.
  static std::size_t descriptors_max(const store_options& options);

  /// For `open`.
  database(const std::string& dir, disk& where, torn_tail tail,
           const store_options& options);
  ~database();

  /// With `sync`, this and everything before is durable on return.
  result<void> write(leveldb::WriteBatch& batch, bool sync);

  /// Whether a write has failed.
  bool failed() const { return !env_.failure().ok(); }

  result<std::optional<std::string>> get(std::string_view key) const;

  /// Sees the state of now. Ask `check` when done with it.
  std::unique_ptr<leveldb::Iterator> iterate() const;

  /// The iterator's error, if it met one. Ends it.
  result<void> check(std::unique_ptr<leveldb::Iterator> done) const;

  /// Tables that every read has to look into; LevelDB slows writes from 8 on
  /// and stops them at 12.
  int level0_files() const;

  /// What the cache of blocks holds.
  std::uint64_t cached_bytes() const { return cache_->TotalCharge(); }

  /// Bytes on disk of the keys in [first, last), without recent writes.
  std::uint64_t approximate_bytes(std::string_view first,
                                  std::string_view last) const;

  /// See guarded_env.
  bool tail_was_torn() const noexcept { return env_.tail_was_torn(); }

private:
  result<void> check_files(bool may_create);
  leveldb::Options options(const store_options& in);
  error to_error(const leveldb::Status& status) const;

  const std::string dir_;
  disk& disk_;
  guarded_env env_;
  std::unique_ptr<leveldb::Logger> silence_;
  std::unique_ptr<const leveldb::FilterPolicy> bloom_;
  std::unique_ptr<leveldb::Cache> cache_;
  std::unique_ptr<leveldb::DB> db_;
};

/// Views of LevelDB's bytes, and back.
inline leveldb::Slice slice(std::string_view x) {
  return {x.data(), x.size()};
}
inline std::string_view view(const leveldb::Slice& x) {
  return {x.data(), x.size()};
}

} // namespace iris::persistence
