#pragma once

#include "actors/durable.hpp"
#include "actors/user_machine.hpp"

#include <map>
#include <span>

namespace iris::actors {

/// The shell around a user_machine: see user_actor. Each connection reads the
/// inbox with a cursor of its own; catching up and following live differ only
/// in how far behind the cursor is.
class user : public durable<user_actor> {
public:
  user(caf::actor_config& config, const activation& with);

  behavior_type make_behavior() override;
  const char* name() const override { return "user"; }

protected:
  bool control(const caf::type_erased_tuple& what) const noexcept override;
  void on_exit() override;

private:
  /// A connection, and the read that it waits for.
  struct reader {
    connection_actor connection;
    device_id device;
    seniority age;
    std::chrono::nanoseconds opened{0};
    bool waiting = false;
    bool reading = false; ///< from the store
    inbox_offset after;
    std::uint32_t items_max = 0;
    std::uint64_t sync = 0;
    bool at_once = false;
  };

  void activate();
  void on_append(const append& what);
  void log(std::span<const item_bytes> taken, inbox_offset behind);
  void on_attach(const open_inbox& what);
  std::uint64_t next_rank();
  void replace(caf::actor_id which, const seniority& by);
  void on_detach(const close_inbox& what);
  void on_read(const read_inbox& what);
  void on_acknowledge(const acknowledge& what);
  void on_remove(const remove_device& what);
  void answer_devices(const list_devices& what);
  void answer_status(const read_status& what);
  void answer_conversations(const list_conversations& what);
  void serve(caf::actor_id key);
  void serve_all();
  void push(reader& to, inbox_offset first, std::vector<item_bytes> items);
  caf::actor_id reader_of(const device_id& which) const;
  void cut(caf::actor_id which, const error& why);
  void trim();
  void expire();
  void on_sweep();
  void on_tick();

  user_machine machine_;
  inbox_offset committed_;
  std::uint64_t rank_ = 0; ///< that was given last
  std::map<caf::actor_id, reader> readers_;
  bool trimming_ = false;
};

} // namespace iris::actors
