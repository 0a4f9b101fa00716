#pragma once

#include "base/error.hpp"
#include "cluster/raft/messages.hpp"
#include "cluster/raft/shim.h"

#include <span>
#include <string>
#include <vector>

/// The shim's view of our types; for this folder only.
namespace iris::cluster::raft::library {

inline iris_raft_bytes view(const std::string& bytes) {
  return {bytes.data(), bytes.size()};
}

inline iris_raft_floor view(const persistence::log_floor& floor) {
  return {floor.index, floor.term, view(floor.configuration),
          floor.configuration_index};
}

inline iris_raft_entry view(const persistence::log_entry& x) {
  return {x.term, x.type, x.payload->data(), x.payload->size()};
}

inline std::vector<iris_raft_entry>
view(std::span<const persistence::log_entry> entries) {
  std::vector<iris_raft_entry> out;
  out.reserve(entries.size());
  for (const auto& x : entries)
    out.push_back(view(x));
  return out;
}

inline iris_raft_message view(const message& x) {
  iris_raft_message out{};
  out.kind = static_cast<std::uint8_t>(x.what);
  out.peer = x.peer.value;
  out.term = x.term;
  out.prev_index = x.prev_index;
  out.prev_term = x.prev_term;
  out.leader_commit = x.leader_commit;
  out.entry_count = static_cast<std::uint32_t>(x.entries.size());
  out.rejected = x.rejected;
  out.last_index = x.last_index;
  out.last_term = x.last_term;
  out.pre_vote = x.pre_vote;
  out.disrupt = x.disrupt;
  out.granted = x.granted;
  return out;
}

/// Entries and floor are the core's to fill in.
inline message to_message(const iris_raft_message& x) {
  message out;
  out.what = static_cast<message::kind>(x.kind);
  out.peer = {x.peer};
  out.term = x.term;
  out.prev_index = x.prev_index;
  out.prev_term = x.prev_term;
  out.leader_commit = x.leader_commit;
  out.rejected = x.rejected;
  out.last_index = x.last_index;
  out.last_term = x.last_term;
  out.pre_vote = x.pre_vote;
  out.disrupt = x.disrupt;
  out.granted = x.granted;
  return out;
}

inline error failure(int code) {
  return {errc::internal,
          std::string{"consensus failed: "} + iris_raft_strerror(code)};
}

} // namespace iris::cluster::raft::library
