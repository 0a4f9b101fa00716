#include "actors/command_keys.hpp"

#include "base/hash.hpp"

#include <algorithm>

namespace iris::actors {

namespace {

/// Never no_command.
command_key key(char kind, std::string_view whose = {}) {
  return std::max(hash64(whose, static_cast<std::uint64_t>(kind)),
                  no_command + 1);
}

} // namespace

command_key key_of(const submit& what) {
  return key('s', what.from.user.str());
}

command_key key_of(const append& what) {
  return key('a', what.batch->conversation.bytes());
}

command_key key_of(const read_history& what) {
  return key('h', what.reader.str());
}

command_key key_of(const read_roster& what) {
  return key('m', what.reader.str());
}

command_key key_of(const open_inbox& what) {
  return key('o', what.device.str());
}

command_key key_of(const read_inbox& what) {
  // Devices that are elsewhere in the inbox read on.
  return key('i', std::to_string(what.after.value));
}

command_key key_of(const acknowledge&) {
  return key('k');
}

command_key key_of(const read_status&) {
  return key('p');
}

command_key key_of(const list_conversations&) {
  return key('c');
}

command_key key_of(const list_devices&) {
  return key('d');
}

command_key key_of(const remove_device& what) {
  return key('r', what.device.str());
}

caf::error to_exit(const std::exception_ptr& why, command_key during) {
  std::string text = "an exception of no known type";
  try {
    std::rethrow_exception(why);
  } catch (const std::exception& x) {
    text = x.what();
  } catch (...) {
    // Said already.
  }
  return caf::make_error(caf::sec::runtime_error, std::move(text), during);
}

actor_fault to_fault(const caf::error& exit) {
  const auto& x = exit.context();
  if (!x.match_elements<std::string, command_key>())
    return {no_command, to_string(exit)};
  return {x.get_as<command_key>(1), x.get_as<std::string>(0)};
}

} // namespace iris::actors
