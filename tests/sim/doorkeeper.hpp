#pragma once

#include "cluster/links/founding_gate.hpp"
#include "persistence/node_store.hpp"
#include "persistence/peer_memory.hpp"
#include "persistence/start_history.hpp"
#include "tests/sim/machine_clock.hpp"
#include "tests/sim/network.hpp"

#include <memory>

namespace iris::sim {

/// Whom a process lets in, as `irisd` decides it behind its links: by what it
/// remembers of others, and not before all founders have met.
class doorkeeper final : public switchboard::door {
public:
  /// Counts a start with this number; what it writes is durable at once. Fails
  /// as the disk does. The store outlives this.
  static result<std::unique_ptr<doorkeeper>>
  open(const persistence::node_store& of, world& in, machine_clock& time,
       std::uint64_t number);

  /// What comes goes to `to` once the founders have met. Once.
  cluster::network::receiver& before(cluster::network::receiver& to);
  /// It need not be met.
  void release(node_id who) { gate_->release(who); }

  persistence::shown_peer shown() const override;
  result<void> admit(node_id who,
                     const persistence::shown_peer& process) override;

private:
  /// A thread that takes no time.
  class at_once final : public executor {
  public:
    at_once(world& in, machine_clock& time) : world_(in), time_(time) {}
    void post(task what) override { what(); }
    void after(std::chrono::milliseconds delay, task what) override;

  private:
    world& world_;
    machine_clock& time_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  };

  doorkeeper(const persistence::identity& self, world& in, machine_clock& time)
    : self_(self), thread_(in, time) {}

  const persistence::identity self_;
  at_once thread_;
  std::unique_ptr<persistence::start_history> starts_;
  std::unique_ptr<persistence::peer_memory> peers_;
  std::unique_ptr<cluster::founding_gate> gate_;
};

} // namespace iris::sim
