#include "actors/comparison_desk.hpp"

#include <algorithm>

namespace iris::actors {

namespace {

/// Shards that are asked at a time: links are not made for thousands of
/// questions at once.
constexpr std::size_t window = 64;

} // namespace

comparison_desk::comparison_desk(
  caf::actor_config& config, const environment& env, std::uint64_t number,
  std::function<void(const compared_shards&)> then)
  : bounded(config), env_(env), number_(number), then_(std::move(then)) {
  // nop
}

comparison_desk::behavior_type comparison_desk::make_behavior() {
  left_.push_back(cluster::control_shard);
  for (auto i = env_.routes.shards(); i > 0; --i)
    left_.push_back({static_cast<std::uint16_t>(i - 1)});
  for (auto x : left_)
    heard_[x] = {
      x.value,
      {errc::deadline_exceeded, "its leader did not answer in time", 100},
      {}};
  waiting_ = {left_.begin(), left_.end()};
  for (auto n = std::min(window, left_.size()); n > 0; --n)
    ask_next();
  // The timer holds it meanwhile.
  home().after(patience, [self = caf::actor_cast<comparison_desk_actor>(this)] {
    caf::anon_send(self, tick{});
  });
  return {
    [this](shard_compared& x) { on_answer(x); },
    [this](lost& x) {
      shard_compared out{x.tag, x.why, {}};
      on_answer(out);
    },
    [this](tick&) { end(); },
  };
}

void comparison_desk::ask_next() {
  auto whom = left_.back();
  left_.pop_back();
  env_.routes.to_shard(whom,
                       compare_shard{number_, whom.value,
                                     caf::actor_cast<connection_actor>(this)});
}

void comparison_desk::on_answer(shard_compared& what) {
  shard_id from{static_cast<std::uint16_t>(what.tag)};
  // Who was called lost may answer all the same.
  auto first = waiting_.erase(from) > 0;
  if (first || !what.why)
    heard_[from] = std::move(what);
  if (!first)
    return;
  if (!left_.empty())
    ask_next();
  else if (waiting_.empty())
    end();
}

void comparison_desk::end() {
  auto then = std::exchange(then_, {});
  if (!then)
    return;
  then(heard_);
  quit();
}

void answer(const compare_shard& what, const error& refused,
            cluster::shard& of) {
  if (refused)
    return refuse(what, refused);
  auto found = of.compare_all(what.number);
  if (!found)
    return refuse(what, found.failure());
  caf::anon_send(what.reply_to,
                 shard_compared{what.tag, {}, *std::move(found)});
}

} // namespace iris::actors
