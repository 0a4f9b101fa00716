#pragma once

#include "actors/records.hpp"
#include "persistence/state_store.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace iris::actors {

/// What a check of a store went through.
struct verify_counts {
  std::uint64_t keys = 0;
  std::uint64_t conversations = 0;
  std::uint64_t messages = 0;
  std::uint64_t users = 0;
  std::uint64_t inbox_entries = 0;
  std::uint64_t problems = 0;
};

/// Checks every invariant that a store at rest can show:
///  1. Every value has its checksum, every key belongs to its shard.
///  2. Sequences of a log and offsets of an inbox have no gaps, and times of a
///     log never run backwards.
///  3. The idempotency index says of each id what the log says.
///  4. An inbox holds a conversation's items in order, the same bytes, up to
///     what the user is known to have seen.
///  5. Each member has been sent what the conversation believes it has; who is
///     owed something has a wake mark.
///  6. No cursor is beyond its log.
/// The first half of 5 compares shards, so it holds only where all are of one
/// moment: `alone` says that no other node has replicas of them, which may be
/// ahead of this one's. A shard that is being copied is skipped.
/// Calls `problem` with a sentence for each violation, and goes on. Fails only
/// when the store can't be read. One thread; memory is bounded by the largest
/// roster.
result<verify_counts>
verify(const persistence::state_store& store, std::uint16_t shards, bool alone,
       const std::function<void(const std::string&)>& problem);

} // namespace iris::actors
