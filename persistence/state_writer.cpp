#include "persistence/state_writer.hpp"

namespace iris::persistence {

state_writer::state_writer(state_store& store, executor& thread,
                           std::uint64_t sync_bytes)
  : store_(store), thread_(thread), sync_bytes_(sync_bytes) {
  // nop
}

void state_writer::submit(entry what, executor& home, callback done) {
  std::lock_guard guard{mutex_};
  waiting_.push_back({std::move(what), &home, std::move(done)});
  if (!scheduled_) {
    scheduled_ = true;
    thread_.post([this] { apply_all(); });
  }
}

void state_writer::apply_all() {
  std::vector<request> batch;
  {
    std::lock_guard guard{mutex_};
    batch.swap(waiting_);
    scheduled_ = false;
  }
  auto applied = apply(batch);
  for (auto& x : batch) {
    auto outcome_of = [&]() -> result<outcome> {
      if (!applied)
        return applied.failure();
      return outcome{x.what.index, synced_ ? x.what.index : 0};
    };
    x.home->post(
      [done = std::move(x.done), what = outcome_of()] { done(what); });
  }
}

result<void> state_writer::apply(const std::vector<request>& batch) {
  std::vector<committed_entry> entries;
  entries.reserve(batch.size());
  for (const auto& x : batch) {
    entries.push_back(
      {x.what.shard, x.what.index, x.what.term, *x.what.writes});
    unsynced_bytes_ += x.what.writes->size();
  }
  if (auto ok = store_.apply(entries); !ok)
    return ok;
  synced_ = unsynced_bytes_ >= sync_bytes_;
  if (!synced_)
    return {};
  unsynced_bytes_ = 0;
  return store_.sync();
}

} // namespace iris::persistence
