#pragma once

#include "persistence/log_store.hpp"

#include <cstdint>
#include <string_view>

namespace iris::cluster::raft {

/// On disk and on the wire. A barrier changes nothing; its payload is empty, or
/// says what else it is.
enum class entry_type : std::uint8_t {
  command = 1,
  barrier = 2,
  configuration = 3,
};

/// Of a barrier behind which each replica hashes all that it holds. Versions
/// that don't know it take it for any other.
inline constexpr std::string_view comparison_mark = "\x01";

inline bool is(const persistence::log_entry& what, entry_type type) noexcept {
  return what.type == static_cast<std::uint8_t>(type);
}

} // namespace iris::cluster::raft
