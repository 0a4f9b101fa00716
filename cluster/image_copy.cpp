#include "cluster/image_copy.hpp"

namespace iris::cluster {

namespace {

using namespace std::chrono_literals;

/// Keys that one step of clearing deletes: other shards write between steps.
constexpr std::size_t clear_step = 1000;
constexpr auto answer_timeout = 1s;
constexpr int unanswered_max = 5;

} // namespace

image_copy::image_copy(parts with, events tell, std::uint64_t min_index,
                       std::uint64_t min_term, std::uint64_t seed)
  : parts_(std::move(with)), tell_(std::move(tell)), min_index_(min_index),
    min_term_(min_term), random_(seed) {
  clear();
}

void image_copy::clear() {
  clearing_ = true;
  parts_.writer.run<bool>(
    [id = parts_.id](persistence::state_store& store) {
      return store.clear(id, clear_step);
    },
    parts_.home, guarded([this](const result<bool>& all) {
      if (!all)
        return tell_.on_failed(all.failure());
      if (!*all)
        return clear();
      clearing_ = false;
      if (source_)
        request();
    }));
}

void image_copy::offer(node_id who) {
  if (source_)
    return;
  source_ = who;
  copy_ = random_.next();
  after_.clear();
  unanswered_ = 0;
  if (!clearing_)
    request();
}

void image_copy::request() {
  parts_.send(*source_, image_request{copy_, min_index_, after_});
  expect_answer();
}

void image_copy::expect_answer() {
  parts_.home.after(answer_timeout, guarded([this, number = ++requests_] {
                      if (number != requests_ || !source_ || restoring_)
                        return;
                      if (++unanswered_ >= unanswered_max)
                        return give_up();
                      request();
                    }));
}

/// What came of this image can't be joined with another's.
void image_copy::give_up() {
  source_.reset();
  ++requests_;
  if (!clearing_)
    clear();
}

void image_copy::on_piece(node_id from, const image_piece& what) {
  if (source_ != from || what.copy != copy_ || what.after != after_
      || restoring_ || clearing_)
    return;
  if (what.applied.term < min_term_)
    return give_up();
  ++requests_;
  unanswered_ = 0;
  if (what.records.empty()) {
    alive_ = std::make_shared<bool>(true);
    restoring_ = true; // Whatever comes now comes too late.
    return tell_.on_restored(what.applied,
                             {what.configuration_index, what.configuration});
  }
  restoring_ = true;
  auto last = what.records.back().key;
  parts_.writer.run<bool>(
    [id = parts_.id,
     records = what.records](persistence::state_store& store) -> result<bool> {
      if (auto ok = store.restore(id, records); !ok)
        return ok.failure();
      return true;
    },
    parts_.home, guarded([this, last](const result<bool>& done) {
      restoring_ = false;
      if (!done)
        return tell_.on_failed(done.failure());
      after_ = last;
      request();
    }));
}

void image_copy::on_refusal(node_id from, const image_refusal& what) {
  if (source_ == from && what.copy == copy_ && !restoring_)
    give_up();
}

} // namespace iris::cluster
