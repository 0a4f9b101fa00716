#include "cluster/links/link_actor.hpp"

namespace iris::cluster {

namespace {

/// For an answer of this process's own broker.
constexpr std::chrono::seconds broker_timeout{5};
/// Of what a peer says for operators.
constexpr std::size_t reason_bytes_max = 512;

} // namespace

void link_actor::dial() {
  auto at = with_.peer->address();
  if (!at)
    return end("this node links to it no more");
  auto fd = connect_to(*at, options().connect_timeout);
  if (!fd)
    return end(fd.failure().context);
  socket_ = with_.env.sockets.add(fd->get(), end_of_link::connector);
  if (!socket_)
    return end("this node stops");
  auto scribe = make_scribe(system(), *std::move(fd), socket_);
  if (!scribe)
    return end("no TLS with " + at->str() + ": " + scribe.failure().context);
  // Its own time-out would leave the broker waiting: `on_tick` ends both.
  request(with_.env.broker, caf::infinite, caf::connect_atom::value,
          *std::move(scribe), at->port)
    .then([this](const caf::node_id&, const caf::strong_actor_ptr& door,
                 const std::set<std::string>&) { greet(door); },
          [this, to = at->str()](const caf::error&) {
            end_closed("no TLS with " + to + ": ");
          });
}

void link_actor::greet(const caf::strong_actor_ptr& door) {
  if (!door)
    return end("nothing answers there: expected a node of this cluster");
  peer_ = caf::actor_cast<caf::actor>(door);
  monitor(peer_);
  send(peer_, hands_.greet(with_.peer->node()));
}

void link_actor::pick_up() {
  peer_ = with_.from->from;
  monitor(peer_);
  // BASP doesn't say which connection a message came on, but knows who is
  // behind which.
  request(with_.env.broker, broker_timeout, caf::get_atom::value, peer_->node())
    .then(
      [this](const caf::node_id&, const std::string& host, std::uint16_t port) {
        socket_ = with_.env.sockets.accepted_from({host, port});
        welcome_caller();
      },
      [this](const caf::error&) { end_closed(); });
}

void link_actor::welcome_caller() {
  if (!socket_)
    return end_closed();
  auto words = hands_.answer(with_.from->what);
  if (!words)
    return refuse(words.failure());
  phase_ = phase::proving;
  send(peer_, *std::move(words));
}

void link_actor::on_welcome(const welcome& what) {
  if (!connects() || phase_ != phase::greeting || !current_sender())
    return;
  // The actor that will speak for the other end from now on.
  peer_ = caf::actor_cast<caf::actor>(current_sender());
  monitor(peer_);
  auto words = hands_.answer(what);
  if (!words)
    return refuse(words.failure());
  if (!admitted())
    return;
  phase_ = phase::proving;
  send(peer_, *std::move(words));
}

void link_actor::on_proven(const proven& what) {
  if (connects() || phase_ != phase::proving)
    return;
  if (auto good = hands_.judge(what); !good)
    return refuse(good.failure());
  if (!admitted())
    return;
  phase_ = phase::claiming;
  send(with_.porter, claim{with_.peer->node(), hands_.peer().incarnation});
}

bool link_actor::admitted() {
  auto good = with_.env.with.admit(hands_.peer());
  if (!good)
    refuse(good.failure());
  return static_cast<bool>(good);
}

void link_actor::refuse(const error& why) {
  with_.env.with.metrics.links_refused.with("handshake").add();
  report("refused: " + why.context);
  phase_ = phase::refusing;
  // Ends with the next tick: an end cuts the connection, and with it this.
  send(peer_, refused{why.context});
}

void link_actor::on_refused(const std::string& why) {
  if (phase_ == phase::up)
    return;
  end("it refuses this node: " + why.substr(0, reason_bytes_max));
}

} // namespace iris::cluster
