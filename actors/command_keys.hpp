#pragma once

#include "actors/dead_letters.hpp"
#include "actors/interfaces.hpp"

/// What a command is called among dead letters. Not by its content, which who
/// sends it could change, but by who asks for what.
namespace iris::actors {

command_key key_of(const submit& what);
command_key key_of(const append& what);
command_key key_of(const read_history& what);
command_key key_of(const read_roster& what);
command_key key_of(const open_inbox& what);
command_key key_of(const read_inbox& what);
command_key key_of(const acknowledge& what);
command_key key_of(const read_status& what);
command_key key_of(const list_conversations& what);
command_key key_of(const list_devices& what);
command_key key_of(const remove_device& what);

/// What Iris tells itself is no letter.
template <class T>
command_key key_of(const T&) {
  return no_command;
}

/// How an actor that threw ends, and what its supervisor reads from that.
caf::error to_exit(const std::exception_ptr& why, command_key during);

struct actor_fault {
  command_key during = no_command;
  std::string text;
};

actor_fault to_fault(const caf::error& exit);

} // namespace iris::actors
