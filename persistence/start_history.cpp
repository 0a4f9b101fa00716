#include "persistence/start_history.hpp"

#include "base/codec.hpp"

namespace iris::persistence {

std::string encode_starts(std::span<const store_start> in) {
  std::string out;
  encoder to{out};
  for (const auto& x : in)
    to.u64(x.number).varint(x.mark);
  return out;
}

result<std::vector<store_start>> decode_starts(std::string_view shown) {
  std::vector<store_start> out;
  decoder in{shown};
  while (!in.rest().empty()) {
    store_start next;
    next.number = in.u64();
    next.mark = in.varint();
    if (in.failed() || next.number == 0 || out.size() == starts_max)
      return error{errc::bad_frame,
                   "expected at most " + std::to_string(starts_max)
                     + " starts, each with a number and a mark"};
    out.push_back(next);
  }
  return out;
}

start_history::start_history(log_store& store, executor& thread,
                             std::uint64_t number)
  : store_(store), thread_(thread), number_(number) {
  // nop
}

result<std::unique_ptr<start_history>>
start_history::begin(log_store& store, executor& thread, std::uint64_t number) {
  std::unique_ptr<start_history> out{new start_history(store, thread, number)};
  auto incarnation = store.next_incarnation(number);
  if (!incarnation)
    return incarnation.failure();
  out->incarnation_ = *incarnation;
  auto all = store.starts();
  if (!all)
    return all.failure();
  all->pop_back();
  out->earlier_ = encode_starts(*all);
  return out;
}

std::string start_history::shown() const {
  store_start newest{number_, mark_};
  return earlier_ + encode_starts({&newest, 1});
}

void start_history::renew_each(std::chrono::milliseconds pause) {
  thread_.after(pause, [this, pause] {
    if (renew())
      renew_each(pause);
  });
}

bool start_history::renew() {
  store_start next{number_, mark_ + 1};
  if (!store_.renew(incarnation_, next))
    return false;
  mark_ = next.mark;
  return true;
}

} // namespace iris::persistence
