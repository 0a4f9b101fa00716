#pragma once

#include "actors/gateway.hpp"

namespace iris::actors {

/// Stands for a shard on another node: see gateway. What it can't send it
/// refuses at once, as the shard would.
class remote_shard final : public supervision::bounded<shard_actor::base> {
public:
  remote_shard(caf::actor_config& config, gateway& by, node_id peer,
               shard_id where);

  behavior_type make_behavior() override;
  const char* name() const override { return "remote_shard"; }

protected:
  void bounce(caf::mailbox_element& what) override;
  bool control(const caf::type_erased_tuple& what) const noexcept override;

private:
  template <class Command>
  void pass(Command& what);
  template <class Command>
  void give_back(const command_frame& what);
  supervision::tree_node describe() const;

  gateway& gateway_;
  const node_id peer_;
  const shard_id where_;
};

} // namespace iris::actors
