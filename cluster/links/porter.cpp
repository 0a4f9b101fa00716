#include "cluster/links/porter.hpp"

namespace iris::cluster {

porter::porter(caf::actor_config& config, link_environment& env,
               std::uint64_t seed)
  : event_based_actor(config), env_(env), random_(seed) {
  // nop
}

caf::behavior porter::make_behavior() {
  set_default_handler(caf::drop);
  // Links are linked to it, so that none is left without it.
  set_exit_handler([](caf::exit_msg&) {});
  set_down_handler([this](caf::down_msg& x) { on_down(x.source); });
  delayed_send(this, env_.options.heartbeat, sweep_strangers{});
  return {
    [this](const hello& x) { on_hello(x); },
    [this](const claim& x) { on_claim(x); },
    [this](const came_up& x) { peers_[x.peer].failures = 0; },
    [this](reconcile) { update(); },
    [this](const dial_again& x) {
      peers_[x.peer].dialing_later = false;
      dial(x.peer);
    },
    [this](sweep_strangers) {
      env_.sockets.sweep(static_cast<unsigned>(env_.options.handshake_timeout
                                               / env_.options.heartbeat));
      delayed_send(this, env_.options.heartbeat, sweep_strangers{});
    },
    [this](end_links) {
      ending_ = true;
      ended_ = make_response_promise();
      for (auto& x : links_)
        send_exit(caf::actor_cast<caf::actor>(x.first),
                  caf::exit_reason::user_shutdown);
      if (links_.empty())
        ended_.deliver(caf::unit);
      return ended_;
    },
  };
}

void porter::on_hello(const hello& what) {
  if (!current_sender())
    return turn_away("nobody says it");
  auto said = decode_introduction(what.words);
  if (!said)
    return turn_away(said.failure().context);
  auto who = said->from.node;
  auto peer = env_.peers.find(who);
  if (ending_ || env_.to == nullptr)
    return turn_away("it starts or stops");
  if (who == env_.options.self.node)
    return turn_away("this is that node: expected another number");
  if (env_.peers.all().empty())
    return turn_away("it knows no other node: it founded a cluster of its own");
  if (!peer || !peer->address())
    return turn_away("it doesn't know a node " + std::to_string(who.value)
                     + ": expected one that was added to its cluster (iris "
                       "node add), and not removed");
  if (calls(who))
    return turn_away("it connects to nodes with higher numbers by itself");
  if (links_.size() >= callers_max)
    return turn_away("too many try at once");
  auto& about = peers_[who];
  about.peer = peer;
  spawn_link(about, call{what, caf::actor_cast<caf::actor>(current_sender())});
}

void porter::turn_away(const std::string& why) {
  env_.with.metrics.links_refused.with("handshake").add();
  send(caf::actor_cast<caf::actor>(current_sender()), refused{why});
}

void porter::on_claim(const claim& by) {
  auto& about = peers_[by.peer];
  auto from = caf::actor_cast<caf::actor>(current_sender());
  if (!links_.contains(from.address()))
    return;
  if (!about.current) {
    about.current = from;
    about.incarnation = by.incarnation;
    send(from, claimed{});
    return;
  }
  auto latest = about.next ? about.next_incarnation : about.incarnation;
  if (by.incarnation < latest) {
    send(from, outdated{});
    return;
  }
  if (about.next)
    send_exit(about.next, caf::exit_reason::user_shutdown);
  else
    send_exit(about.current, caf::exit_reason::user_shutdown);
  about.next = from;
  about.next_incarnation = by.incarnation;
}

void porter::on_down(const caf::actor_addr& link) {
  auto found = links_.find(link);
  if (found == links_.end())
    return;
  auto node = found->second;
  auto& about = peers_[node];
  links_.erase(found);
  if (about.next && about.next.address() == link)
    about.next = nullptr;
  if (about.current && about.current.address() == link) {
    about.current = std::exchange(about.next, nullptr);
    about.incarnation = about.next_incarnation;
    if (about.current)
      send(about.current, claimed{});
  }
  if (ending_ && links_.empty())
    ended_.deliver(caf::unit);
  if (!about.current)
    dial_later(node, about);
}

void porter::update() {
  for (auto& peer : env_.peers.all()) {
    auto& about = peers_[peer->node()];
    about.peer = peer;
    auto at = peer->address();
    if (about.at && about.at != at)
      end_links_of(peer->node());
    about.at = at;
    if (!about.dialing_later)
      dial(peer->node());
  }
}

void porter::end_links_of(node_id peer) {
  for (auto& x : links_)
    if (x.second == peer)
      send_exit(caf::actor_cast<caf::actor>(x.first),
                caf::exit_reason::user_shutdown);
}

void porter::dial(node_id to) {
  auto& about = peers_[to];
  if (!ending_ && env_.to != nullptr && calls(to) && !about.current && about.at)
    spawn_link(about, std::nullopt);
}

void porter::dial_later(node_id to, entry& about) {
  if (ending_ || !calls(to) || std::exchange(about.dialing_later, true))
    return;
  auto first = static_cast<std::uint64_t>(env_.options.retry_first.count());
  auto last = static_cast<std::uint64_t>(env_.options.retry_last.count());
  auto most = std::min(first << std::min(about.failures++, 16U), last);
  auto pause = most / 2 + random_.below(most / 2 + 1);
  delayed_send(this, std::chrono::milliseconds{pause}, dial_again{to});
}

void porter::spawn_link(entry& about, std::optional<call> from) {
  auto connects = !from;
  link_actor::parts with{env_, about.peer, caf::actor_cast<caf::actor>(this),
                         std::move(from)};
  auto made = spawn<link_actor, caf::detached + caf::monitored + caf::linked>(
    std::move(with));
  links_.emplace(made.address(), about.peer->node());
  if (connects)
    about.current = made;
}

} // namespace iris::cluster
