#include "persistence/state_writer.hpp"

#include <algorithm>
#include <utility>

namespace iris::persistence {

namespace {

using namespace std::chrono_literals;

/// How long entries wait for others, and how many bytes of them.
constexpr auto batch_window = 5ms;
constexpr std::size_t batch_bytes = std::size_t{256} << 10;

} // namespace

state_writer::state_writer(state_store& store, executor& thread,
                           std::uint64_t sync_bytes)
  : store_(store), thread_(thread), sync_bytes_(sync_bytes) {
  // nop
}

void state_writer::submit(entry what, executor& home, callback done) {
  std::lock_guard guard{mutex_};
  if (!std::exchange(window_open_, true))
    thread_.after(batch_window, [this] { on_window_over(); });
  waiting_bytes_ += what.writes->size();
  waiting_.push_back({std::move(what), &home, std::move(done)});
  if (waiting_bytes_ >= batch_bytes)
    schedule();
}

void state_writer::hurry() {
  std::lock_guard guard{mutex_};
  if (!waiting_.empty())
    schedule();
}

void state_writer::on_window_over() {
  std::lock_guard guard{mutex_};
  window_open_ = false;
  if (!waiting_.empty())
    schedule();
}

void state_writer::schedule() {
  if (!std::exchange(scheduled_, true))
    thread_.post([this] { apply_all(); });
}

void state_writer::apply_all() {
  std::vector<request> batch;
  {
    std::lock_guard guard{mutex_};
    batch.swap(waiting_);
    waiting_bytes_ = 0;
    scheduled_ = false;
  }
  // Who looks sees nothing of what comes behind.
  std::span<request> rest{batch};
  error failed;
  while (!rest.empty()) {
    auto looks = std::find_if(rest.begin(), rest.end(), [](const auto& x) {
      return static_cast<bool>(x.what.look);
    });
    auto count = static_cast<std::size_t>(looks - rest.begin());
    auto part = rest.first(std::min(count + 1, rest.size()));
    rest = rest.subspan(part.size());
    apply_part(part, failed);
  }
}

/// Behind what failed nothing is applied.
void state_writer::apply_part(std::span<request> part, error& failed) {
  result<std::vector<std::uint64_t>> applied{failed};
  if (!failed)
    applied = apply(part);
  if (!applied)
    failed = applied.failure();
  for (std::size_t i = 0; i < part.size(); ++i) {
    auto outcome_of = [&](std::uint64_t index) -> result<outcome> {
      if (!applied)
        return applied.failure();
      return outcome{index, synced_ ? index : 0, (*applied)[i]};
    };
    auto& x = part[i];
    if (x.what.look && applied)
      x.what.look(store_.image(x.what.shard));
    x.home->post([done = std::move(x.done), what = outcome_of(x.what.index)] {
      done(what);
    });
  }
}

result<std::vector<std::uint64_t>>
state_writer::apply(std::span<const request> part) {
  std::vector<committed_entry> entries;
  entries.reserve(part.size());
  for (const auto& x : part) {
    entries.push_back(
      {x.what.shard, x.what.index, x.what.term, *x.what.writes});
    unsynced_bytes_ += x.what.writes->size();
  }
  auto applied = store_.apply(entries);
  synced_ = applied && unsynced_bytes_ >= sync_bytes_;
  if (!synced_)
    return applied;
  unsynced_bytes_ = 0;
  if (auto ok = store_.sync(); !ok)
    return ok.failure();
  return applied;
}

} // namespace iris::persistence
