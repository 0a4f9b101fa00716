#pragma once

#include "base/codec.hpp"
#include "base/result.hpp"
#include "cluster/raft/messages.hpp"

#include <string>

namespace iris::cluster::raft {

constexpr std::size_t entries_of_message_max = 4096;

/// Appends the bytes of a message; `peer` is known to the link. `v` is a
/// varint:
///
///   u8 kind, v term, then
///   append         v prev_index, v prev_term, v leader_commit, v entries,
///                  each: v term, u8 type, bytes payload
///   append_result  v rejected, v last_index
///   vote           u8 flags, v last_index, v last_term
///   vote_result    u8 flags
///   install        v index, v term, bytes configuration,
///                  v configuration_index: those of the floor
///   timeout_now    v last_index, v last_term
///
/// Flags: 1 pre-vote, 2 disrupt, 4 granted.
void encode(const message& what, std::string& to);

/// Reads one message, from untrusted bytes; what follows stays in `in`. Only
/// what a core may be given: known kinds, types and flags, terms that are
/// possible, configurations that can be decoded. Fails with bad_frame.
result<message> decode_message(decoder& in);

} // namespace iris::cluster::raft
