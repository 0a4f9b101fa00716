#pragma once

#include "actors/environment.hpp"

#include <functional>
#include <map>

namespace iris::actors {

/// Asks the controller for those who are no connection, an operator or this
/// node's shards, and asks again until somebody leads or `patience` has passed.
/// One per node.
class control_desk final
  : public supervision::bounded<control_desk_actor::base> {
public:
  static constexpr std::chrono::seconds patience{10};
  static constexpr std::size_t waiting_max = 2048;

  control_desk(caf::actor_config& config, const environment& env);

  behavior_type make_behavior() override;
  const char* name() const override { return "control_desk"; }

protected:
  void bounce(caf::mailbox_element& what) override;
  bool control(const caf::type_erased_tuple& what) const noexcept override;
  void on_exit() override;

private:
  struct waiting {
    ask_controller what;
    std::chrono::nanoseconds until{0};
    error problem; ///< that may pass
  };

  void on_ask(ask_controller& what);
  void on_answer(std::uint64_t tag, const error& why);
  void send(std::uint64_t tag);
  void on_tick();
  void tick_later();

  const environment& env_;
  std::map<std::uint64_t, waiting> waiting_;
  std::uint64_t last_tag_ = 0;
  bool ticking_ = false;
};

} // namespace iris::actors
