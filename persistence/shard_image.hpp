#pragma once

#include "base/ids.hpp"
#include "base/result.hpp"

#include <functional>
#include <leveldb/iterator.h>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace iris::persistence {

/// How far a shard's entries have been applied.
struct applied_point {
  std::uint64_t index = 0;
  std::uint64_t term = 0;
  /// Hash over all writes applied so far: equal on all replicas.
  std::uint64_t checksum = 0;

  bool operator==(const applied_point&) const = default;
};

/// A record of the state store as it is stored, checksum and all.
struct shard_record {
  std::string key;
  std::string value;

  bool operator==(const shard_record&) const = default;
};

/// What a shard's records hash to, as far as they were read.
struct image_hash {
  std::uint64_t hash = 0;
  std::string last; ///< key
  bool all = false;
  /// The first that was found, if any. It ends nothing: what can be read is
  /// hashed, as it stands.
  std::string damage;
};

/// One shard at one moment, read piece by piece by who copies it. It keeps
/// what LevelDB would have deleted meanwhile: don't hold it for long. One
/// thread at a time.
class shard_image {
public:
  /// `at` sees the moment; `applied` is what it sees of the shard's.
  shard_image(shard_id shard, const applied_point& applied,
              std::unique_ptr<leveldb::Iterator> at);

  const applied_point& applied() const noexcept { return applied_; }

  /// The records behind the key `after` (or from the first, if empty), as many
  /// as have `bytes_max` bytes, and at least one; none: there are no more. The
  /// shard's own bookkeeping isn't among them. Fails with corrupt or io_failed.
  result<std::vector<shard_record>> read(std::string_view after,
                                         std::size_t bytes_max);

  /// The same records, added to `so_far`, and the damage among them told.
  void hash(image_hash& so_far, std::size_t bytes_max);

private:
  /// Calls `visit(key, value)` for as many, and at least one, until it returns
  /// false. Whether there are more.
  template <class Visit>
  bool walk(std::string_view after, std::size_t bytes_max, Visit visit);

  const shard_id shard_;
  const applied_point applied_;
  std::unique_ptr<leveldb::Iterator> at_;
};

/// The shard's own records: how far it is applied, and that it is incomplete.
std::string applied_key(shard_id shard);
std::string incomplete_key(shard_id shard);

/// What every key of a shard begins with.
std::string shard_prefix(shard_id shard);

} // namespace iris::persistence
