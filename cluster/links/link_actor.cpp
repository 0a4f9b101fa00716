#include "cluster/links/link_actor.hpp"

namespace iris::cluster {

namespace {

using observability::public_text;

/// After so many ticks without a word a link is lost.
constexpr unsigned silent_max = 4;

} // namespace

link_actor::link_actor(caf::actor_config& config, parts with)
  : event_based_actor(config), with_(std::move(with)),
    hands_(with_.env.options, with_.env.with.time, with_.env.with.past()),
    in_(with_.env.options.window) {
  // nop
}

caf::behavior link_actor::make_behavior() {
  set_default_handler(caf::drop);
  set_exit_handler([this](caf::exit_msg&) {
    report("this node ended it", false);
    quit();
  });
  set_down_handler([this](caf::down_msg& x) {
    if (x.source == peer_.address())
      end_closed();
  });
  delayed_send(this, options().heartbeat, link_tick{});
  send(this, link_begin{});
  return {
    [this](link_begin) { connects() ? dial() : pick_up(); },
    [this](link_tick) { on_tick(); },
    [this](link_flush) { send_waiting(); },
    [this](const welcome& x) { on_welcome(x); },
    [this](const proven& x) { on_proven(x); },
    [this](claimed) { come_up(); },
    [this](outdated) {
      refuse({errc::forbidden, "there is a link to a later process of it: "
                               "expected one process for a node"});
    },
    [this](const linked& x) {
      if (connects() && phase_ == phase::proving
          && x.session == hands_.session())
        come_up();
    },
    [this](const refused& x) { on_refused(x.why); },
    [this](const packet& x) { on_packet(x); },
    [this](const grant& x) {
      if (belongs(x.session) && x.by < lanes) {
        with_.peer->out().grant(static_cast<lane>(x.by), x.bytes);
        send_waiting();
      }
    },
    [this](const beat& x) { on_beat(x); },
  };
}

void link_actor::come_up() {
  if (phase_ == phase::refusing)
    return;
  phase_ = phase::up;
  silent_ = 0;
  session_ = hands_.session();
  socket_->keep();
  auto node = with_.peer->node();
  with_.peer->out().open([self = caf::actor_cast<caf::actor>(this)] {
    caf::anon_send(self, link_flush{});
  });
  with_.peer->set_up(hands_.version(), hands_.peer().urls);
  if (!connects())
    send(peer_, linked{session_});
  send(with_.porter, came_up{node});
  auto& metrics = with_.env.with.metrics;
  metrics.link_up.with(std::to_string(node.value)).set(1);
  metrics.links_made.add();
  with_.env.with.log.info("link is up",
                          {{"peer", node},
                           {"incarnation", hands_.peer().incarnation},
                           {"version", hands_.version()},
                           {"address", public_text{socket_->peer().str()}}});
  with_.env.to.load()->on_link(node, true);
}

void link_actor::on_exit() {
  if (phase_ == phase::up) {
    auto node = with_.peer->node();
    with_.peer->out().close();
    with_.peer->set_down();
    with_.env.with.metrics.link_up.with(std::to_string(node.value)).set(0);
    with_.env.to.load()->on_link(node, false);
  }
  if (socket_)
    socket_->cut();
  peer_ = nullptr;
  with_.porter = nullptr;
}

void link_actor::on_tick() {
  ++silent_;
  if (phase_ == phase::refusing)
    return quit();
  // Counted in ticks: whoever was stopped or busy finds what came meanwhile
  // before the fifth.
  if (phase_ == phase::up) {
    if (silent_ > silent_max)
      return end("nothing came for "
                 + std::to_string((options().heartbeat * silent_max).count())
                 + " ms");
    send(peer_, beat{session_, with_.env.with.mark()});
  } else if (silent_ * options().heartbeat >= options().handshake_timeout) {
    return end("no link within "
               + std::to_string(options().handshake_timeout.count()) + " ms");
  }
  delayed_send(this, options().heartbeat, link_tick{});
}

/// Also notes that the peer is alive.
bool link_actor::belongs(const session_id& x) {
  if (phase_ != phase::up || x != session_)
    return false;
  silent_ = 0;
  return true;
}

void link_actor::on_beat(const beat& what) {
  if (!belongs(what.session) || what.mark <= mark_)
    return;
  mark_ = what.mark;
  with_.env.with.renewed(hands_.peer(), mark_);
}

void link_actor::on_packet(const packet& what) {
  if (!belongs(what.session))
    return;
  if (what.by >= lanes || what.number != taken_ + 1)
    return end("it sent a packet that makes no sense");
  ++taken_;
  deliver(static_cast<lane>(what.by), what.pieces);
}

void link_actor::deliver(lane by, const std::string& pieces) {
  auto node = with_.peer->node();
  auto read = in_.take(by, pieces, [&](std::string frame) {
    with_.env.to.load()->on_frame(node, by, std::move(frame));
  });
  if (!read)
    return end("it sent a packet that makes no sense: "
               + read.failure().context);
  with_.env.with.metrics.link_bytes_in.with(to_string(by)).add(pieces.size());
  if (auto room = in_.grant(by); room > 0)
    send(peer_, grant{session_, static_cast<std::uint8_t>(by),
                      static_cast<std::uint32_t>(room)});
}

void link_actor::send_waiting() {
  if (phase_ != phase::up)
    return;
  while (auto content = with_.peer->out().next()) {
    with_.env.with.metrics.link_bytes_out.with(to_string(content->by))
      .add(content->pieces.size());
    send(peer_,
         packet{session_, ++sent_, static_cast<std::uint8_t>(content->by),
                std::move(content->pieces)});
  }
}

void link_actor::end(const std::string& why) {
  report(why);
  quit();
}

/// What TLS knows of is why; a peer that only hangs up doesn't explain itself.
void link_actor::end_closed(const std::string& while_doing) {
  auto known = socket_ ? socket_->failure() : std::string{};
  if (!known.empty())
    return end(while_doing + known);
  report(while_doing + "the connection was closed", false);
  quit();
}

void link_actor::report(const std::string& why, bool explains) {
  // Who was refused hangs up, and that is no reason any more.
  if (phase_ == phase::refusing)
    return;
  auto now = with_.env.with.time.steady_now();
  auto unsaid = explains ? with_.peer->set_problem(why, now)
                         : with_.peer->set_unexplained(why, now);
  if (phase_ == phase::up)
    with_.env.with.log.warn("link is lost", {{"peer", with_.peer->node()},
                                             {"reason", public_text{why}}});
  else if (unsaid)
    with_.env.with.log.warn("no link to a node", {{"peer", with_.peer->node()},
                                                  {"reason", public_text{why}},
                                                  {"unsaid", *unsaid}});
}

} // namespace iris::cluster
