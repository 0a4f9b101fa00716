#include "tests/sim/doorkeeper.hpp"

namespace iris::sim {

namespace {

using namespace std::chrono_literals;

constexpr auto renew_every = 1s;

} // namespace

void doorkeeper::at_once::after(std::chrono::milliseconds delay, task what) {
  world_.after(time_.in_world(delay),
               [alive = std::weak_ptr<bool>{alive_}, what = std::move(what)] {
                 if (alive.lock())
                   what();
               });
}

result<std::unique_ptr<doorkeeper>>
doorkeeper::open(const persistence::node_store& of, world& in,
                 machine_clock& time, std::uint64_t number) {
  std::unique_ptr<doorkeeper> out{new doorkeeper(of.self, in, time)};
  auto starts =
    persistence::start_history::begin(*of.log, out->thread_, number);
  if (!starts)
    return starts.failure();
  out->starts_ = *std::move(starts);
  auto peers = persistence::peer_memory::open(*of.log, out->thread_);
  if (!peers)
    return peers.failure();
  out->peers_ = *std::move(peers);
  return out;
}

cluster::network::receiver& doorkeeper::before(cluster::network::receiver& to) {
  std::set<node_id> missing;
  for (auto x : self_.founders)
    if (x != self_.node && !peers_->met_before().contains(x))
      missing.insert(x);
  gate_ = std::make_unique<cluster::founding_gate>(
    to, std::move(missing),
    [this](node_id x) { peers_->meet(x, [this, x] { release(x); }); });
  starts_->renew_each(renew_every);
  return *gate_;
}

persistence::shown_peer doorkeeper::shown() const {
  return {self_.store, starts_->incarnation(), starts_->shown()};
}

result<void> doorkeeper::admit(node_id who,
                               const persistence::shown_peer& process) {
  return peers_->admit(who, process);
}

} // namespace iris::sim
