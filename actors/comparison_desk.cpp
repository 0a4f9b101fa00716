#include "actors/comparison_desk.hpp"

#include <algorithm>

namespace iris::actors {

namespace {

/// Shards that are asked at a time: links are not made for thousands of
/// questions at once.
constexpr std::uint16_t window = 64;

} // namespace

comparison_desk::comparison_desk(
  caf::actor_config& config, const environment& env, std::uint64_t number,
  std::function<void(const compared_shards&)> then)
  : bounded(config), env_(env), number_(number), then_(std::move(then)) {
  // nop
}

comparison_desk::behavior_type comparison_desk::make_behavior() {
  while (asked_ < std::min(window, env_.routes.shards()))
    ask({asked_++});
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

void comparison_desk::ask(shard_id whom) {
  env_.routes.to_shard(whom,
                       compare_shard{number_, whom.value,
                                     caf::actor_cast<connection_actor>(this)});
}

void comparison_desk::on_answer(shard_compared& what) {
  shard_id from{static_cast<std::uint16_t>(what.tag)};
  heard_[from] = std::move(what);
  if (asked_ < env_.routes.shards())
    ask({asked_++});
  else if (heard_.size() == asked_)
    end();
}

void comparison_desk::end() {
  auto then = std::exchange(then_, {});
  if (!then)
    return;
  for (std::uint16_t i = 0; i < env_.routes.shards(); ++i)
    heard_.try_emplace(
      {i}, shard_compared{i,
                          {errc::deadline_exceeded,
                           "its leader did not answer in time", 100},
                          {}});
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
