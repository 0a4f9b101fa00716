#pragma once

#include "actors/gateway.hpp"

#include <optional>
#include <vector>

namespace iris::actors {

/// Stands for a connection of another node: see gateway. Passes on what it is
/// told. What finds no room it does not keep: it says that it is lost, as soon
/// as there is room for that.
class remote_connection final
  : public supervision::bounded<connection_actor::base> {
public:
  remote_connection(caf::actor_config& config, gateway& by, visitor_key who);

  behavior_type make_behavior() override;
  const char* name() const override { return "remote_connection"; }

protected:
  void bounce(caf::mailbox_element&) override {}
  // As for a connection: one page at a time, and what it asked for.
  bool control(const caf::type_erased_tuple&) const noexcept override {
    return true;
  }

private:
  template <class Answer>
  bool send(Answer what);
  void answer(submitted& what);
  void answer(answered& what);
  void answer(attached& what);
  void answer(shard_compared& what);
  void lose(std::uint64_t tag);
  void on_tick();
  void arm();

  gateway& gateway_;
  const visitor_key who_;
  // What it has still to be told.
  std::optional<error> cut_;
  bool detach_ = false;
  std::vector<std::uint64_t> lost_;
  bool armed_ = false;
};

} // namespace iris::actors
