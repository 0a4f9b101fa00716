#include "persistence/writers.hpp"

#include <utility>

namespace iris::persistence {

log_writer::log_writer(log_store& store, executor& thread, observer watch,
                       const clock& time)
  : store_(store), thread_(thread), watch_(std::move(watch)), time_(time) {
  // nop
}

void log_writer::submit(log_change change, executor& home, callback done) {
  std::lock_guard guard{mutex_};
  changes_.push_back(std::move(change));
  waiting_.push_back({&home, std::move(done)});
  if (!std::exchange(scheduled_, true))
    thread_.post([this] { write_all(); });
}

void log_writer::write_all() {
  std::vector<log_change> changes;
  std::vector<request> waiting;
  {
    std::lock_guard guard{mutex_};
    changes.swap(changes_);
    waiting.swap(waiting_);
    scheduled_ = false;
  }
  auto durable = write(changes);
  for (auto& x : waiting)
    x.home->post([done = std::move(x.done), durable] { done(durable); });
}

result<void> log_writer::write(const std::vector<log_change>& changes) {
  std::size_t entries = 0;
  for (const auto& x : changes)
    entries += x.entries.size();
  auto begin = time_.steady_now();
  auto out = store_.append(changes);
  if (!out)
    return out;
  ++batches_;
  entries_ += entries;
  if (watch_)
    watch_(time_.steady_now() - begin, entries);
  return out;
}

} // namespace iris::persistence
