#include "actors/remote_shard.hpp"

#include "actors/refusals.hpp"

namespace iris::actors {

namespace {

/// Whose command it is; none if it is a conversation's.
caf::actor_id id_of_asker(const auto& what) {
  if constexpr (requires { what.reply_to; })
    return what.reply_to->id();
  else if constexpr (requires { what.from->id(); })
    return what.from->id();
  else if constexpr (requires { what.from; })
    return what.from;
  else
    return caf::invalid_actor_id;
}

} // namespace

remote_shard::remote_shard(caf::actor_config& config, gateway& by, node_id peer,
                           shard_id where)
  : bounded(config), gateway_(by), peer_(peer), where_(where) {
  mailbox_state().bound = by.env().mailbox_max * 4;
}

remote_shard::behavior_type remote_shard::make_behavior() {
  return {
    [this](submit& x) { pass(x); },
    [this](read_history& x) { pass(x); },
    [this](read_roster& x) { pass(x); },
    [this](fanned_out& x) { pass(x); },
    [this](fan_out& x) { pass(x); },
    [this](open_inbox& x) { pass(x); },
    [this](close_inbox& x) { pass(x); },
    [this](read_inbox& x) { pass(x); },
    [this](acknowledge& x) { pass(x); },
    [this](read_statuses& x) { pass(x); },
    [this](list_conversations& x) { pass(x); },
    [this](list_devices& x) { pass(x); },
    [this](remove_device& x) { pass(x); },
    [this](change_cluster& x) { pass(x); },
    [this](compare_shard& x) { pass(x); },
    [this](supervision::read_tree&) { return describe(); },
    // A shard's own; nobody sends them here.
    [](awaken&) {},
    [](resting&) {},
    [](sweep_on&) {},
    [](hand_out_on&) {},
    [](shard_loaded&) {},
    [](replica_message&) {},
    [](shard_leads&) {},
    [](shard_follows&) {},
    [](shard_reload&) {},
    [](shard_stopped&) {},
    [](place_replica&) {},
    [](peer_linked&) {},
    [](repair_replica&) {},
    [](hand_over&) {},
    [](tick&) {},
  };
}

template <class Command>
void remote_shard::pass(Command& what) {
  connection_key from{gateway_.process(), id_of_asker(what)};
  command_frame out{where_, from, std::move(what)};
  auto wanted = gateway_.under_way().begin(peer_, out);
  auto bytes = encode(out);
  if constexpr (std::is_same_v<Command, close_inbox>) {
    // The other side would keep it for ever.
    if (!gateway_.send(peer_, bytes) && wanted)
      gateway_.send_later(peer_, std::move(bytes));
  } else if (bytes.size() > node_frame_bytes_max
             || !gateway_.send(peer_, std::move(bytes))) {
    give_back<Command>(out);
  }
}

template <class Command>
void remote_shard::give_back(const command_frame& what) {
  if (!gateway_.under_way().cancel(peer_, what))
    return; // Its connection was told already.
  const auto& command = std::get<Command>(what.what);
  if constexpr (std::is_same_v<
                  Command, read_inbox> || std::is_same_v<Command, acknowledge>)
    caf::anon_send(command.from, detached{});
  else
    refuse(command, {errc::unavailable,
                     "the leader of this shard can't be reached", 100});
}

supervision::tree_node remote_shard::describe() const {
  supervision::tree_node out;
  out.name = "shard " + std::to_string(where_.value) + " on node "
             + std::to_string(peer_.value);
  out.type = name();
  out.state = "running";
  return out;
}

void remote_shard::bounce(caf::mailbox_element& what) {
  gateway_.env().metrics.mailbox_rejected.with(name()).add();
  refuse_any(what.content(),
             {errc::overloaded, "the mailbox is full: try again", 100});
}

/// What is sent once at a time, as a shard does.
bool remote_shard::control(const caf::type_erased_tuple& what) const noexcept {
  return what.match_elements<fan_out>() || what.match_elements<fanned_out>()
         || what.match_elements<read_inbox>()
         || what.match_elements<acknowledge>()
         || what.match_elements<close_inbox>()
         || what.match_elements<supervision::read_tree>();
}

} // namespace iris::actors
