#pragma once

#include "persistence/log_store.hpp"

#include <cstdint>

namespace iris::cluster::raft {

/// On disk and on the wire.
enum class entry_type : std::uint8_t {
  command = 1,
  barrier = 2,
  configuration = 3,
};

inline bool is(const persistence::log_entry& what, entry_type type) noexcept {
  return what.type == static_cast<std::uint8_t>(type);
}

} // namespace iris::cluster::raft
