#pragma once

#include "actors/durable.hpp"

#include <map>
#include <set>

namespace iris::actors {

/// The shell around a conversation_machine: see conversation_actor.
class conversation : public durable<conversation_actor> {
public:
  conversation(caf::actor_config& config, conversation_id id, activation with);

  behavior_type make_behavior() override;
  const char* name() const override { return "conversation"; }

protected:
  bool control(const caf::type_erased_tuple& what) const noexcept override;

private:
  /// A `submit` that is being decided, across looks at the store.
  struct progress {
    submit request;
    std::size_t next = 0;
    submitted answer;
  };

  /// What a destination shard has been sent and not answered.
  struct delivery {
    sequence upto;
    std::chrono::nanoseconds deadline{0};
  };

  void activate();
  void decide(std::shared_ptr<progress> what);
  void look_up(const conversation_machine::lookup& what,
               std::shared_ptr<progress> then);
  void log(const progress& what);
  void finish(const std::shared_ptr<progress>& what, persistence::writes out);
  static task lost_of(const progress& what);
  void stage(persistence::writes out, task release, task dropped = {});
  void pump();
  void pump(shard_id where, sequence cursor);
  void deliver(shard_id where, sequence first, std::vector<item_bytes> items);
  void on_fanned_out(const fanned_out& what);
  void on_tick();
  void on_read(const read_history& what);
  void page(const read_history& what, sequence low, sequence head);
  void answer_page(const read_history& what, sequence head,
                   result<std::vector<item_bytes>> items);
  void answer_roster(const read_roster& what);
  void rest_if_nothing();
  void on_sweep();
  void sweep_ids();
  void sweep_log();

  conversation_machine machine_;
  /// No delivery of what is up to here can outlive it.
  sequence logged_;
  std::map<shard_id, delivery> deliveries_;
  /// Destinations whose items are being read from the store.
  std::set<shard_id> reading_;
};

} // namespace iris::actors
