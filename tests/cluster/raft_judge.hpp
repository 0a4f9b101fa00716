#pragma once

#include "cluster/raft/core.hpp"

#include <map>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

namespace iris::test {

/// What must never happen, and did.
struct violation : std::runtime_error {
  violation(std::string what_kind, const std::string& text)
    : std::runtime_error(what_kind + ": " + text), kind(std::move(what_kind)) {}

  std::string kind;
};

/// Sees all replicas of a group at once, and throws `violation` when they
/// break what Raft promises (Raft paper, figure 3).
class raft_judge {
public:
  using core = cluster::raft::core;
  using log_entry = persistence::log_entry;

  /// Whether replicas are also held to what their messages say, which they may
  /// break for long before anybody is hurt.
  bool strict = true;

  static std::uint64_t hash(const log_entry& what);
  /// Of all entries up to this one.
  static std::uint64_t chain(std::uint64_t before, const log_entry& what);

  /// Log Matching: entries of equal index and term are equal, and so is what
  /// stands before them.
  void appended(node_id where, std::uint64_t index, const log_entry& what,
                std::uint64_t term_before);

  /// Election Safety, Leader Completeness.
  void leads(node_id who, const core& with);

  /// State Machine Safety. `state` is the hash of all up to this one.
  void applied(node_id where, std::uint64_t index, std::uint64_t term,
               const log_entry& what, std::uint64_t state);

  /// A state that a replica fetched.
  void fetched(node_id where, std::uint64_t index, std::uint64_t state) const;

  /// The client has its answer.
  void acknowledged(std::uint64_t index, const log_entry& what);

  /// Whoever has applied so many has all that was acknowledged.
  void conclude(std::uint64_t applied) const;

  std::uint64_t committed() const noexcept { return committed_.size() - 1; }
  std::size_t acknowledgements() const noexcept { return acknowledged_.size(); }
  std::size_t elections() const noexcept { return leaders_.size(); }

private:
  struct known_entry {
    std::uint64_t hash = 0;
    std::uint64_t term_before = 0;
  };

  struct committed_entry {
    std::uint64_t hash = 0;
    std::uint64_t state = 0;
    std::uint64_t term = 0; ///< in which it was seen to be committed
  };

  /// By index and term.
  std::map<std::pair<std::uint64_t, std::uint64_t>, known_entry> entries_;
  std::unordered_map<std::uint64_t, node_id> leaders_;
  std::vector<committed_entry> committed_{1};
  std::vector<std::pair<std::uint64_t, std::uint64_t>> acknowledged_;
};

} // namespace iris::test
