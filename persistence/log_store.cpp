#include "persistence/log_store.hpp"

#include "base/assert.hpp"
#include "base/codec.hpp"
#include "persistence/database.hpp"
#include "persistence/log_format.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>

namespace iris::persistence {

namespace {

/// The entries that a shard has: [first, last], none when last < first.
struct bounds {
  std::uint64_t first = 1;
  std::uint64_t last = 0;
};

error missing(shard_id shard, std::uint64_t index, std::uint64_t found) {
  return {errc::corrupt, "shard " + std::to_string(shard.value) + ": entry "
                           + std::to_string(index) + " is missing, found "
                           + std::to_string(found)
                           + "; expected a log without gaps"};
}

} // namespace

struct log_store::impl {
  std::unique_ptr<database> db;
  std::map<shard_id, bounds> shards;
  bool appended = false;

  result<hard_state> state(shard_id shard) const;
  result<floor_record> floor(shard_id shard) const;
  result<void> find_bounds();
  result<void> find_bounds(shard_id shard, leveldb::Iterator& at);
  void add(const log_change& change, leveldb::WriteBatch& batch);
  void replace(const log_change& change, bounds& kept,
               leveldb::WriteBatch& batch);
  result<void> load_entries(shard_id shard, loaded_log& out) const;
  result<void> put(const std::string& key, const std::string& value);
  result<void> write(leveldb::WriteBatch& batch);
  /// The records of the node whose keys are `prefix` and a number.
  using visitor =
    std::function<result<void>(std::uint64_t number, std::string_view value)>;
  result<void> visit(const std::string& prefix, const visitor& take) const;
};

result<hard_state> log_store::impl::state(shard_id shard) const {
  auto value = db->get(hard_state_key(shard));
  if (!value)
    return value.failure();
  if (!*value)
    return hard_state{};
  return decode_hard_state(shard, **value);
}

result<floor_record> log_store::impl::floor(shard_id shard) const {
  auto value = db->get(floor_key(shard));
  if (!value)
    return value.failure();
  if (!*value)
    return floor_record{};
  return decode_floor(shard, **value);
}

result<void> log_store::impl::find_bounds() {
  auto at = db->iterate();
  at->SeekToFirst();
  while (at->Valid()) {
    shard_id shard{decoder{view(at->key())}.u16()};
    if (shard != node_records)
      if (auto ok = find_bounds(shard, *at); !ok)
        return ok;
    if (shard.value == std::numeric_limits<std::uint16_t>::max())
      break;
    at->Seek(hard_state_key(shard.next()));
  }
  return db->check(std::move(at));
}

result<void> log_store::impl::find_bounds(shard_id shard,
                                          leveldb::Iterator& at) {
  auto record = floor(shard);
  if (!record)
    return record.failure();
  bounds found{record->first, record->first - 1};
  at.Seek(entry_key(shard, std::numeric_limits<std::uint64_t>::max()));
  if (at.Valid())
    at.Prev();
  else
    at.SeekToLast();
  auto prefix = entry_key(shard, 0).substr(0, 3);
  if (at.Valid() && view(at.key()).starts_with(prefix))
    found.last = decoder{view(at.key()).substr(prefix.size())}.u64();
  shards[shard] = found;
  return {};
}

void log_store::impl::add(const log_change& change,
                          leveldb::WriteBatch& batch) {
  auto& kept = shards[change.shard];
  if (change.state)
    batch.Put(hard_state_key(change.shard),
              encode_hard_state(change.shard, *change.state));
  if (change.floor) {
    IRIS_ASSERT(change.keep_from <= change.floor->index + 1);
    auto keep_from = std::max(kept.first, change.keep_from);
    for (auto i = kept.first; i < keep_from && i <= kept.last; ++i)
      batch.Delete(entry_key(change.shard, i));
    kept = {keep_from, std::max(kept.last, keep_from - 1)};
    batch.Put(floor_key(change.shard),
              encode_floor(change.shard, {*change.floor, kept.first}));
  }
  if (change.first_index != 0)
    replace(change, kept, batch);
}

void log_store::impl::replace(const log_change& change, bounds& kept,
                              leveldb::WriteBatch& batch) {
  IRIS_ASSERT(change.first_index >= kept.first);
  IRIS_ASSERT(change.first_index <= kept.last + 1);
  auto index = change.first_index;
  for (const auto& x : change.entries) {
    batch.Put(entry_key(change.shard, index),
              encode_entry(change.shard, index, x));
    ++index;
  }
  for (auto i = index; i <= kept.last; ++i)
    batch.Delete(entry_key(change.shard, i));
  kept.last = index - 1;
}

result<void> log_store::impl::load_entries(shard_id shard,
                                           loaded_log& out) const {
  auto end = entry_key(shard, std::numeric_limits<std::uint64_t>::max());
  auto expected = out.first_index;
  auto at = db->iterate();
  for (at->Seek(entry_key(shard, expected));
       at->Valid() && view(at->key()) < end; at->Next()) {
    auto index = decoder{view(at->key()).substr(3)}.u64();
    if (index != expected)
      return missing(shard, expected, index);
    auto entry = decode_entry(shard, index, view(at->value()));
    if (!entry)
      return entry.failure();
    out.entries.push_back(*std::move(entry));
    ++expected;
  }
  return db->check(std::move(at));
}

result<void> log_store::impl::put(const std::string& key,
                                  const std::string& value) {
  leveldb::WriteBatch batch;
  batch.Put(key, value);
  return write(batch);
}

result<void> log_store::impl::write(leveldb::WriteBatch& batch) {
  appended = true;
  return db->write(batch, true);
}

result<void> log_store::impl::visit(const std::string& prefix,
                                    const visitor& take) const {
  auto at = db->iterate();
  for (at->Seek(prefix); at->Valid() && view(at->key()).starts_with(prefix);
       at->Next()) {
    auto number = decoder{view(at->key()).substr(prefix.size())}.u64();
    if (auto ok = take(number, view(at->value())); !ok)
      return ok;
  }
  return db->check(std::move(at));
}

log_store::log_store(std::unique_ptr<impl> pimpl) : impl_(std::move(pimpl)) {
  // nop
}

log_store::~log_store() {
  // With a record behind them, the last entries can't be taken for a write
  // that a crash cut short.
  leveldb::WriteBatch nothing;
  if (impl_->appended && !impl_->db->failed())
    static_cast<void>(impl_->db->write(nothing, true));
}

result<std::unique_ptr<log_store>>
log_store::open(const std::string& dir, disk& where,
                const store_options& options) {
  auto db = database::open(dir, where, torn_tail::last_record, options);
  if (!db)
    return db.failure();
  auto made = std::make_unique<impl>();
  made->db = *std::move(db);
  if (auto ok = made->find_bounds(); !ok)
    return ok.failure();
  return std::make_unique<log_store>(std::move(made));
}

result<void> log_store::append(std::span<const log_change> changes) {
  leveldb::WriteBatch batch;
  for (const auto& x : changes)
    impl_->add(x, batch);
  return impl_->write(batch);
}

result<loaded_log> log_store::load(shard_id shard) const {
  loaded_log out;
  auto state = impl_->state(shard);
  if (!state)
    return state.failure();
  out.state = *state;
  auto record = impl_->floor(shard);
  if (!record)
    return record.failure();
  out.floor = record->floor;
  out.first_index = record->first;
  if (auto ok = impl_->load_entries(shard, out); !ok)
    return ok.failure();
  return out;
}

result<void> log_store::lose(shard_id shard) {
  auto state = impl_->state(shard);
  if (!state)
    return state.failure();
  if (state->term == 0)
    return error{errc::corrupt, "shard " + std::to_string(shard.value)
                                  + ": expected a term beside its log"};
  auto& kept = impl_->shards[shard];
  leveldb::WriteBatch batch;
  for (auto i = kept.first; i <= kept.last; ++i)
    batch.Delete(entry_key(shard, i));
  kept = {};
  batch.Put(floor_key(shard),
            encode_floor(shard, {{0, state->term, {}, 0}, kept.first}));
  return impl_->write(batch);
}

result<log_floor> log_store::floor(shard_id shard) const {
  auto record = impl_->floor(shard);
  if (!record)
    return record.failure();
  return record->floor;
}

result<std::uint64_t> log_store::incarnation() const {
  auto value = impl_->db->get(incarnation_key());
  if (!value)
    return value.failure();
  if (!*value)
    return std::uint64_t{0};
  return decode_incarnation(**value);
}

result<std::uint64_t> log_store::next_incarnation(std::uint64_t number) {
  auto before = incarnation();
  if (!before)
    return before;
  auto next = *before + 1;
  leveldb::WriteBatch batch;
  batch.Put(incarnation_key(), encode_incarnation(next));
  batch.Put(start_key(next), encode_start(next, {number, 0}));
  if (next > starts_max)
    batch.Delete(start_key(next - starts_max));
  if (auto ok = impl_->write(batch); !ok)
    return ok.failure();
  return next;
}

result<std::vector<store_start>> log_store::starts() const {
  std::vector<store_start> out;
  auto take = [&](std::uint64_t incarnation, std::string_view value) {
    auto start = decode_start(incarnation, value);
    if (!start)
      return result<void>{start.failure()};
    out.push_back(*start);
    return result<void>{};
  };
  if (auto ok = impl_->visit(start_key(0).substr(0, 3), take); !ok)
    return ok.failure();
  return out;
}

result<void> log_store::renew(std::uint64_t incarnation,
                              const store_start& start) {
  return impl_->put(start_key(incarnation), encode_start(incarnation, start));
}

result<std::map<node_id, known_peer>> log_store::peers() const {
  std::map<node_id, known_peer> out;
  auto take = [&](std::uint64_t node, std::string_view value) {
    auto peer = decode_peer({node}, value);
    if (!peer)
      return result<void>{peer.failure()};
    out[{node}] = *peer;
    return result<void>{};
  };
  if (auto ok = impl_->visit(peer_key({}).substr(0, 3), take); !ok)
    return ok.failure();
  return out;
}

result<void> log_store::remember(node_id peer, const known_peer& what) {
  return impl_->put(peer_key(peer), encode_peer(peer, what));
}

bool log_store::failed() const {
  return impl_->db->failed();
}

bool log_store::tail_was_torn() const noexcept {
  return impl_->db->tail_was_torn();
}

int log_store::level0_files() const {
  return impl_->db->level0_files();
}

std::uint64_t log_store::approximate_bytes() const {
  return impl_->db->approximate_bytes({}, "\xff\xff\xff");
}

} // namespace iris::persistence
