#pragma once

#include "actors/control_machine.hpp"
#include "actors/durable.hpp"

namespace iris::actors {

/// Whose record the cluster's map is, in the control group.
persistence::actor_ref controller_ref();

/// The map as the store has it; nothing before the first leader stored one.
/// Any thread. Fails with corrupt or io_failed.
result<std::optional<cluster::cluster_map>>
read_map(const persistence::state_store& store);

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
