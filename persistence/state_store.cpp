#include "persistence/state_store.hpp"

#include "base/assert.hpp"
#include "base/codec.hpp"
#include "base/hash.hpp"
#include "persistence/database.hpp"
#include "persistence/keys.hpp"
#include "persistence/writes.hpp"

#include <limits>
#include <map>
#include <vector>

namespace iris::persistence {

namespace {

/// As the shard's own record 'A': index u64 | term u64 | checksum u64.
std::string encode(const std::string& key, const applied_point& in) {
  std::string out;
  encoder{out}.u64(in.index).u64(in.term).u64(in.checksum);
  return checked_value(key, out);
}

result<applied_point> decode_applied(shard_id shard, std::string_view value) {
  auto payload = checked_payload(applied_key(shard), value);
  if (!payload)
    return payload.failure();
  decoder in{*payload};
  applied_point out;
  out.index = in.u64();
  out.term = in.u64();
  out.checksum = in.u64();
  if (!in.done())
    return error{errc::corrupt, "shard " + std::to_string(shard.value)
                                  + ": expected an applied point of 24 bytes"};
  return out;
}

error incomplete_error(shard_id shard) {
  return {errc::unavailable, "shard " + std::to_string(shard.value)
                               + " is being copied from another node"};
}

/// Collects the writes of entries in a batch.
class batch_builder {
public:
  explicit batch_builder(const database& db) : db_(db) {}

  result<void> add(const committed_entry& entry) {
    shard_ = entry.shard;
    prefix_ = shard_prefix(entry.shard);
    end_ = prefix_end(prefix_);
    applied_ = applied_key(entry.shard);
    incomplete_ = incomplete_key(entry.shard);
    auto visited = visit_writes(entry.writes, *this);
    return failure_ ? result<void>{failure_} : visited;
  }

  void put(std::string_view key, std::string_view value) {
    if (!may_write(key))
      return;
    batch_.Put(slice(key), slice(value));
    put_.push_back(key);
  }

  void erase(std::string_view key) {
    if (may_write(key))
      batch_.Delete(slice(key));
  }

  void erase_range(std::string_view first, std::string_view last) {
    if (first >= last || !may_erase(first, last))
      return;
    auto at = db_.iterate();
    for (at->Seek(slice(first)); at->Valid() && view(at->key()) < last;
         at->Next())
      batch_.Delete(at->key());
    if (auto ok = db_.check(std::move(at)); !ok)
      failure_ = ok.failure();
    // The database doesn't know yet what this batch puts.
    for (auto key : put_)
      if (first <= key && key < last)
        batch_.Delete(slice(key));
  }

  leveldb::WriteBatch& batch() noexcept { return batch_; }

private:
  bool may_write(std::string_view key) {
    return allow(
      key.starts_with(prefix_) && key != applied_ && key != incomplete_, key);
  }

  bool may_erase(std::string_view first, std::string_view last) {
    return allow(first.starts_with(prefix_)
                   && (last.starts_with(prefix_) || last == end_)
                   && (applied_ < first || last <= applied_),
                 first);
  }

  bool allow(bool condition, std::string_view key) {
    if (!condition && !failure_)
      failure_ = {errc::corrupt,
                  "an entry of shard " + std::to_string(shard_.value)
                    + " writes to " + to_hex(key)
                    + ", expected a key of an actor of that shard"};
    return condition;
  }

  const database& db_;
  leveldb::WriteBatch batch_;
  std::vector<std::string_view> put_;
  shard_id shard_;
  std::string prefix_;
  std::string end_;
  std::string applied_;
  std::string incomplete_;
  error failure_;
};

} // namespace

struct state_store::impl {
  std::unique_ptr<database> db;
  /// Of shards that were written since opening. Used by the writing thread.
  std::map<shard_id, applied_point> applied;

  result<applied_point> read_applied(shard_id shard) const;
  result<applied_point> latest_applied(shard_id shard) const;
};

result<applied_point> state_store::impl::read_applied(shard_id shard) const {
  auto value = db->get(applied_key(shard));
  if (!value)
    return value.failure();
  if (!*value)
    return applied_point{};
  return decode_applied(shard, **value);
}

result<applied_point> state_store::impl::latest_applied(shard_id shard) const {
  auto known = applied.find(shard);
  if (known != applied.end())
    return known->second;
  return read_applied(shard);
}

state_store::state_store(std::unique_ptr<impl> pimpl)
  : impl_(std::move(pimpl)) {
  // nop
}

state_store::~state_store() = default;

result<std::unique_ptr<state_store>>
state_store::open(const std::string& dir, disk& where,
                  const store_options& options) {
  auto db = database::open(dir, where, torn_tail::any_records, options);
  if (!db)
    return db.failure();
  auto made = std::make_unique<impl>();
  made->db = *std::move(db);
  return std::make_unique<state_store>(std::move(made));
}

result<std::vector<std::uint64_t>>
state_store::apply(std::span<const committed_entry> entries) {
  batch_builder builder{*impl_->db};
  std::vector<std::uint64_t> checksums;
  std::map<shard_id, applied_point> points;
  for (const auto& x : entries) {
    auto point = points.find(x.shard);
    if (point == points.end()) {
      auto latest = impl_->latest_applied(x.shard);
      if (!latest)
        return latest.failure();
      point = points.emplace(x.shard, *latest).first;
    }
    IRIS_ASSERT(x.index > point->second.index);
    if (auto ok = builder.add(x); !ok)
      return ok.failure();
    point->second = {x.index, x.term, hash64(x.writes, point->second.checksum)};
    checksums.push_back(point->second.checksum);
  }
  for (const auto& [shard, point] : points) {
    auto key = applied_key(shard);
    builder.batch().Put(key, encode(key, point));
  }
  if (auto ok = impl_->db->write(builder.batch(), false); !ok)
    return ok.failure();
  for (const auto& [shard, point] : points)
    impl_->applied[shard] = point;
  return checksums;
}

result<applied_point> state_store::applied(shard_id shard) const {
  return impl_->read_applied(shard);
}

result<std::optional<std::string>>
state_store::get(std::string_view key) const {
  auto value = impl_->db->get(key);
  if (!value || !*value)
    return value;
  if (auto payload = checked_payload(key, **value); !payload)
    return payload.failure();
  (*value)->erase(0, checksum_bytes);
  return value;
}

result<void> state_store::scan(
  std::string_view first, std::string_view last, bool backwards,
  const std::function<bool(std::string_view, std::string_view)>& visit) const {
  auto at = impl_->db->iterate();
  auto inside = [&](std::string_view key) {
    return key >= first && (last.empty() || key < last);
  };
  if (!backwards) {
    at->Seek(slice(first));
  } else {
    if (!last.empty())
      at->Seek(slice(last));
    if (!last.empty() && at->Valid())
      at->Prev();
    else if (at->status().ok())
      at->SeekToLast();
  }
  for (; at->Valid() && inside(view(at->key()));
       backwards ? at->Prev() : at->Next()) {
    auto payload = checked_payload(view(at->key()), view(at->value()));
    if (!payload)
      return payload.failure();
    if (!visit(view(at->key()), *payload))
      break;
  }
  return impl_->db->check(std::move(at));
}

result<void> state_store::sync() {
  // LevelDB syncs the log that the batch goes to, an empty one too; the guard
  // has synced those before.
  leveldb::WriteBatch nothing;
  return impl_->db->write(nothing, true);
}

// -- a replica made anew from another's image ---------------------------------

result<std::unique_ptr<shard_image>> state_store::image(shard_id shard) const {
  auto at = impl_->db->iterate();
  at->Seek(slice(incomplete_key(shard)));
  if (at->Valid() && view(at->key()) == incomplete_key(shard))
    return incomplete_error(shard);
  applied_point applied;
  auto key = applied_key(shard);
  at->Seek(slice(key));
  if (at->Valid() && view(at->key()) == key) {
    auto found = decode_applied(shard, view(at->value()));
    if (!found)
      return found.failure();
    applied = *found;
  }
  if (!at->status().ok())
    return impl_->db->check(std::move(at)).failure();
  return std::make_unique<shard_image>(shard, applied, std::move(at));
}

result<bool> state_store::incomplete(shard_id shard) const {
  auto found = impl_->db->get(incomplete_key(shard));
  if (!found)
    return found.failure();
  return found->has_value();
}

result<bool> state_store::clear(shard_id shard, std::size_t keys_max) {
  auto prefix = shard_prefix(shard);
  auto mark = incomplete_key(shard);
  leveldb::WriteBatch batch;
  auto at = impl_->db->iterate();
  std::size_t deleted = 0;
  for (at->Seek(slice(prefix));
       at->Valid() && view(at->key()).starts_with(prefix) && deleted < keys_max;
       at->Next()) {
    if (view(at->key()) == mark)
      continue;
    batch.Delete(at->key());
    ++deleted;
  }
  if (auto ok = impl_->db->check(std::move(at)); !ok)
    return ok.failure();
  // In the same batch as the first deletion.
  batch.Put(mark, checked_value(mark, {}));
  if (auto ok = impl_->db->write(batch, false); !ok)
    return ok.failure();
  impl_->applied.erase(shard);
  return deleted < keys_max;
}

result<void> state_store::restore(shard_id shard,
                                  std::span<const shard_record> records) {
  auto prefix = shard_prefix(shard);
  leveldb::WriteBatch batch;
  for (const auto& x : records) {
    if (!x.key.starts_with(prefix) || x.key == applied_key(shard)
        || x.key == incomplete_key(shard))
      return error{errc::corrupt, "an image of shard "
                                    + std::to_string(shard.value)
                                    + " has the key " + to_hex(x.key)
                                    + ", expected one of its actors"};
    if (auto sound = checked_payload(x.key, x.value); !sound)
      return sound.failure();
    batch.Put(x.key, x.value);
  }
  return impl_->db->write(batch, false);
}

result<void> state_store::finish(shard_id shard, const applied_point& at) {
  auto key = applied_key(shard);
  leveldb::WriteBatch batch;
  batch.Delete(incomplete_key(shard));
  batch.Put(key, encode(key, at));
  if (auto ok = impl_->db->write(batch, true); !ok)
    return ok;
  impl_->applied[shard] = at;
  return {};
}

int state_store::level0_files() const {
  return impl_->db->level0_files();
}

std::uint64_t state_store::cached_bytes() const {
  return impl_->db->cached_bytes();
}

std::uint64_t state_store::approximate_bytes(shard_id shard) const {
  auto first = shard_prefix(shard);
  return impl_->db->approximate_bytes(first, prefix_end(first));
}

} // namespace iris::persistence
