#include "persistence/database.hpp"

#include "persistence/status.hpp"

#include <algorithm>
#include <array>

namespace iris::persistence {

namespace {

constexpr int bloom_bits_per_key = 10;
/// Larger than LevelDB's own 2 MiB: fewer files to look after and to sync.
constexpr std::size_t table_bytes_max = std::size_t{16} << 20;
/// Larger than LevelDB's own 4 KiB: each is a call to read it, and an entry in
/// the index that an open table keeps in memory.
constexpr std::size_t block_bytes = std::size_t{16} << 10;
/// What an open table takes besides blocks in the cache, for its index and
/// filter: about this much of memory, and a file descriptor.
constexpr std::size_t open_table_bytes = std::size_t{128} << 10;
constexpr std::size_t open_tables_min = 64;
constexpr std::size_t open_tables_max = 1000;
/// What LevelDB takes off `max_open_files` for files that are no tables.
constexpr int other_files = 10;
/// Files besides the tables that may stay open: logs, MANIFEST, LOCK, what a
/// compaction writes, and tables that an iterator still reads though others
/// have taken their places.
constexpr std::size_t files_besides_tables = 48;

/// Without a logger, LevelDB writes a file LOG and renames the one before.
class silent_logger final : public leveldb::Logger {
public:
  void Logv(const char*, std::va_list) override {}
};

/// So many that they take no more than the cache does.
std::size_t open_tables(std::size_t cache_bytes) {
  return std::clamp(cache_bytes / open_table_bytes, open_tables_min,
                    open_tables_max);
}

/// What LevelDB has made when it is interrupted before CURRENT is there.
bool is_unfinished(const std::string& name) {
  static constexpr std::array<std::string_view, 5> names{
    ".", "..", "LOCK", "MANIFEST-000001", "000001.dbtmp"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

} // namespace

database::database(const std::string& dir, disk& where, torn_tail tail,
                   const store_options& options)
  : dir_(dir), disk_(where), env_(where, tail),
    silence_(std::make_unique<silent_logger>()),
    bloom_(leveldb::NewBloomFilterPolicy(bloom_bits_per_key)),
    cache_(leveldb::NewLRUCache(options.cache_bytes)) {
  // nop
}

database::~database() = default;

std::size_t database::descriptors_max(const store_options& options) {
  return open_tables(options.cache_bytes) + files_besides_tables;
}

result<std::unique_ptr<database>> database::open(const std::string& dir,
                                                 disk& where, torn_tail tail,
                                                 const store_options& options) {
  auto out = std::make_unique<database>(dir, where, tail, options);
  if (auto ok = out->check_files(options.may_create); !ok)
    return ok.failure();
  leveldb::DB* db = nullptr;
  auto status = leveldb::DB::Open(out->options(options), dir, &db);
  out->db_.reset(db);
  where.settle();
  if (out->env_.lock_was_refused())
    return error{errc::store_locked,
                 dir
                   + " is in use, expected no other process to have it open: "
                     "stop the other one"};
  if (status.ok())
    status = out->env_.failure();
  if (!status.ok())
    return out->to_error(status);
  return out;
}

/// LevelDB takes a directory without CURRENT for a new database and removes
/// the tables it finds there.
result<void> database::check_files(bool may_create) {
  if (env_.FileExists(dir_ + "/CURRENT"))
    return {};
  if (!may_create)
    return error{errc::store_missing,
                 dir_
                   + " holds no database, expected one with a file CURRENT: "
                     "mount the right disk, or restore a backup"};
  std::vector<std::string> names;
  if (!env_.FileExists(dir_))
    return {};
  if (auto status = env_.GetChildren(dir_, &names); !status.ok())
    return to_error(status);
  auto odd = std::find_if_not(names.begin(), names.end(), is_unfinished);
  if (odd == names.end())
    return {};
  return error{errc::store_missing,
               dir_ + " holds " + *odd
                 + " but no file CURRENT, expected a whole database or an "
                   "empty directory: restore a backup"};
}

leveldb::Options database::options(const store_options& in) {
  leveldb::Options out;
  out.create_if_missing = in.may_create;
  out.paranoid_checks = true;
  out.env = &env_;
  out.info_log = silence_.get();
  out.write_buffer_size = in.write_buffer_bytes;
  out.max_file_size = table_bytes_max;
  out.block_size = block_bytes;
  out.block_cache = cache_.get();
  out.max_open_files =
    static_cast<int>(open_tables(in.cache_bytes)) + other_files;
  out.filter_policy = bloom_.get();
  // Most of it is encrypted by the clients.
  out.compression = leveldb::kNoCompression;
  return out;
}

error database::to_error(const leveldb::Status& status) const {
  return persistence::to_error(status, dir_);
}

result<void> database::write(leveldb::WriteBatch& batch, bool sync) {
  leveldb::WriteOptions how;
  how.sync = sync;
  auto status = db_->Write(how, &batch);
  disk_.settle();
  // What LevelDB overlooked, or met in the background.
  if (status.ok())
    status = env_.failure();
  if (!status.ok())
    return to_error(status);
  return {};
}

result<std::optional<std::string>> database::get(std::string_view key) const {
  leveldb::ReadOptions how;
  how.verify_checksums = true;
  std::string value;
  auto status = db_->Get(how, slice(key), &value);
  disk_.settle();
  if (status.IsNotFound())
    return std::optional<std::string>{};
  if (!status.ok())
    return to_error(status);
  return std::optional{std::move(value)};
}

std::unique_ptr<leveldb::Iterator> database::iterate() const {
  leveldb::ReadOptions how;
  how.verify_checksums = true;
  return std::unique_ptr<leveldb::Iterator>{db_->NewIterator(how)};
}

result<void> database::check(std::unique_ptr<leveldb::Iterator> done) const {
  auto status = done->status();
  done.reset();
  disk_.settle();
  if (!status.ok())
    return to_error(status);
  return {};
}

int database::level0_files() const {
  std::string value;
  db_->GetProperty("leveldb.num-files-at-level0", &value);
  return std::stoi(value);
}

std::uint64_t database::approximate_bytes(std::string_view first,
                                          std::string_view last) const {
  leveldb::Range range{slice(first), slice(last)};
  std::uint64_t bytes = 0;
  db_->GetApproximateSizes(&range, 1, &bytes);
  return bytes;
}

} // namespace iris::persistence
