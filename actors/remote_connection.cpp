#include "actors/remote_connection.hpp"

#include <algorithm>

namespace iris::actors {

namespace {

using namespace std::chrono_literals;

constexpr auto look_again_after = 100ms;

} // namespace

remote_connection::remote_connection(caf::actor_config& config, gateway& by,
                                     visitor_key who)
  : bounded(config), gateway_(by), who_(who) {
  // nop
}

remote_connection::behavior_type remote_connection::make_behavior() {
  return {
    [this](submitted& x) { answer(x); },
    [this](attached& x) { answer(x); },
    [this](inbox_page& x) {
      if (!send(std::move(x)))
        detach_ = true;
      arm();
    },
    [this](answered& x) { answer(x); },
    [this](shard_compared& x) { answer(x); },
    // Its node may have heard of another leader before it asked this one.
    [this](lost& x) {
      if (!send(lost{x.tag, x.why}))
        lose(x.tag);
    },
    [this](cut_off& x) {
      gateway_.guests().closed(who_);
      if (!send(cut_off{x.why}))
        cut_ = std::move(x.why);
      arm();
    },
    [this](detached&) {
      gateway_.guests().closed(who_);
      detach_ = !send(detached{});
      arm();
    },
    [this](tick&) { on_tick(); },
    // Of a client; there is none here.
    [](inbound&) {},
    [](output_drained&) {},
    [](disconnected&) {},
    [](drain&) {},
  };
}

template <class Answer>
bool remote_connection::send(Answer what) {
  return gateway_.send(who_.home,
                       encode(answer_frame{who_.who, std::move(what)}));
}

void remote_connection::answer(submitted& what) {
  auto tag = what.tag;
  if (!send(std::move(what)))
    lose(tag);
}

void remote_connection::answer(answered& what) {
  auto tag = what.tag;
  if (!send(std::move(what)))
    lose(tag);
}

void remote_connection::answer(shard_compared& what) {
  auto tag = what.tag;
  if (!send(std::move(what)))
    lose(tag);
}

void remote_connection::answer(attached& what) {
  if (what.refused)
    gateway_.guests().closed(who_);
  if (!send(std::move(what)))
    detach_ = true;
  arm();
}

void remote_connection::lose(std::uint64_t tag) {
  // Its connection waits for no more.
  if (lost_.size() < protocol::limits::in_flight_max)
    lost_.push_back(tag);
  arm();
}

void remote_connection::on_tick() {
  armed_ = false;
  if (cut_ && send(cut_off{*cut_}))
    cut_.reset();
  if (detach_)
    detach_ = !send(detached{});
  auto told = std::find_if(lost_.begin(), lost_.end(), [this](auto tag) {
    return !send(
      lost{tag, {errc::unavailable, "the way to this node had no room", 100}});
  });
  lost_.erase(lost_.begin(), told);
  arm();
}

void remote_connection::arm() {
  if (armed_ || (!cut_ && !detach_ && lost_.empty()))
    return;
  armed_ = true;
  home().after(look_again_after, [weak = caf::weak_actor_ptr{ctrl()}] {
    if (auto self = weak.lock())
      caf::anon_send(caf::actor_cast<connection_actor>(self), tick{});
  });
}

} // namespace iris::actors
