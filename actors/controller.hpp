#pragma once

#include "actors/control_machine.hpp"
#include "actors/durable.hpp"

namespace iris::actors {

/// Whose record the cluster's map is, in the control group.
persistence::actor_ref controller_ref();

/// The map as the store has it; nothing before the first leader stored one.
/// Any thread. Fails with corrupt or io_failed; with store_newer, if a later
/// version wrote it; with store_foreign, if it has not so many shards.
result<std::optional<cluster::cluster_map>>
read_map(const persistence::state_store& store, std::uint16_t shards);

/// Whether read_map failed for the node, not for the map.
bool unfit_for_map(const error& why);

/// Whether a node may start with this store, whose shards it has: fails with
/// store_newer or store_foreign, as read_map. Damage is for the control group's
/// replica to find.
result<void> check_map(const persistence::state_store& store,
                       std::uint16_t shards);

/// The shell around a control_machine: see controller_actor. Never at rest,
/// for it looks at the nodes once a second.
class controller : public durable<controller_actor> {
public:
  controller(caf::actor_config& config, const activation& with);

  behavior_type make_behavior() override;
  const char* name() const override { return "controller"; }

private:
  void activate();
  void on_change(const change_cluster& what);
  void on_tick();
  void see();
  void store(task release, task dropped = {});

  control_machine machine_;
};

} // namespace iris::actors
