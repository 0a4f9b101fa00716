#pragma once

#include "actors/records.hpp"
#include "actors/tail.hpp"
#include "persistence/state_store.hpp"

#include <utility>
#include <vector>

/// What actors read from the store besides their state. Any thread; these
/// fail with corrupt or io_failed.
namespace iris::actors {

/// How much one answer carries.
inline constexpr std::size_t page_bytes_max = 64 * 1024;

/// Entries of a log or an inbox: first to last, as many as fit in `bytes_max`,
/// at least one.
struct log_range {
  record kind;
  std::uint64_t first;
  std::uint64_t last;
  std::size_t bytes_max = page_bytes_max;
  bool newest = false; ///< when not all fit: those up to `last`
};

/// A missing entry is corrupt.
result<std::vector<item_bytes>> read_log(const persistence::state_store& store,
                                         const keyring& keys,
                                         const log_range& range);

/// The greatest of the first `limit` keys of ids made before `oldest`; empty
/// if there is none.
result<std::string> last_expired_id(const persistence::state_store& store,
                                    const keyring& keys, timestamp oldest,
                                    std::size_t limit);

/// The last of the entries in `range` before the first that was sequenced at
/// `oldest` or later; position 0 if there is none.
result<floor_record> last_expired_item(const persistence::state_store& store,
                                       const keyring& keys, timestamp oldest,
                                       const log_range& range);

/// Conversations behind `after`, up to `limit`, and whether there are more.
result<protocol::conversation_list>
read_conversations(const persistence::state_store& store, const keyring& keys,
                   const protocol::conversations& ask);

} // namespace iris::actors
