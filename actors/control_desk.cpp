#include "actors/control_desk.hpp"

namespace iris::actors {

namespace {

using namespace std::chrono_literals;

constexpr auto pause = 200ms;

} // namespace

control_desk::control_desk(caf::actor_config& config, const environment& env)
  : bounded(config), env_(env) {
  mailbox_state().bound = env.mailbox_max;
}

control_desk::behavior_type control_desk::make_behavior() {
  return {
    [this](ask_controller& x) { on_ask(x); },
    [this](answered& x) {
      auto* why = std::get_if<protocol::failed>(&x.answer);
      on_answer(x.tag, why ? error{why->code, why->text, why->retry_after_ms}
                           : error{});
    },
    [this](lost& x) { on_answer(x.tag, x.why); },
    [this](tick&) { on_tick(); },
  };
}

void control_desk::on_ask(ask_controller& what) {
  if (waiting_.size() >= waiting_max)
    return what.then({errc::overloaded, "too much is asked: try again", 1000});
  auto tag = ++last_tag_;
  waiting_[tag] = {std::move(what), env_.time.steady_now() + patience, {}};
  send(tag);
  tick_later();
}

void control_desk::send(std::uint64_t tag) {
  env_.routes.to_shard(cluster::control_shard,
                       change_cluster{waiting_.at(tag).what.what, tag,
                                      caf::actor_cast<connection_actor>(this)});
}

/// What is done already may be asked again.
void control_desk::on_answer(std::uint64_t tag, const error& why) {
  auto i = waiting_.find(tag);
  if (i == waiting_.end())
    return;
  i->second.problem = why;
  if (retryable(why.code))
    return; // The next tick asks again.
  auto asked = std::move(i->second.what);
  waiting_.erase(i);
  asked.then(why);
}

void control_desk::on_tick() {
  ticking_ = false;
  auto now = env_.time.steady_now();
  for (auto i = waiting_.begin(); i != waiting_.end();) {
    auto& [tag, x] = *i;
    if (now < x.until) {
      if (std::exchange(x.problem, {}))
        send(tag);
      ++i;
      continue;
    }
    auto why = x.problem ? x.problem
                         : error{errc::deadline_exceeded,
                                 "the control group did not answer in time"};
    auto asked = std::move(x.what);
    i = waiting_.erase(i);
    asked.then(why);
  }
  tick_later();
}

void control_desk::tick_later() {
  if (waiting_.empty() || std::exchange(ticking_, true))
    return;
  home().after(pause, [weak = caf::weak_actor_ptr{ctrl()}] {
    if (auto self = weak.lock())
      caf::anon_send(caf::actor_cast<control_desk_actor>(self), tick{});
  });
}

void control_desk::bounce(caf::mailbox_element& what) {
  if (what.content().match_elements<ask_controller>())
    what.content().get_as<ask_controller>(0).then(
      {errc::overloaded, "the mailbox is full: try again", 1000});
}

bool control_desk::control(const caf::type_erased_tuple& what) const noexcept {
  return !what.match_elements<ask_controller>();
}

void control_desk::on_exit() {
  for (auto& x : std::exchange(waiting_, {}))
    x.second.what.then({errc::unavailable, "this node stops", 1000});
}

} // namespace iris::actors
