#pragma once

#include "cluster/replica_check.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace iris::cluster {

/// How a replica stands in a comparison of all that replicas hold.
enum class standing : std::uint8_t {
  silent,    ///< it has not said what it holds
  same,      ///< as a majority of the voters
  different, ///< from such a majority: it is made anew
  undecided, ///< it has said so; no majority holds the same
};

struct replica_finding {
  node_id node;
  standing is = standing::silent;
  std::string damage = {}; ///< that it found while reading, if any

  bool operator==(const replica_finding&) const = default;
};

/// What is known of a comparison.
struct comparison {
  /// The entry behind which the state was read; 0: it has none yet.
  std::uint64_t index = 0;
  bool over = false;
  std::vector<replica_finding> replicas; ///< those without a vote too

  bool operator==(const comparison&) const = default;
};

/// The leader's book of one comparison. Pure.
class comparison_book {
public:
  explicit comparison_book(std::uint64_t number) : number_(number) {}

  std::uint64_t number() const noexcept { return number_; }
  std::uint64_t index() const noexcept { return index_; }

  /// All replicas read their state behind this entry; what was read before is
  /// of no use any more, but who was found to differ did.
  void begin_at(std::uint64_t index);

  /// What `who` holds behind an entry; ignored if it is another.
  void said(node_id who, const checkpoint& what, const std::string& damage,
            const std::vector<node_id>& voters);

  /// It is over when all of `replicas` have said what they hold.
  comparison look(const std::vector<node_id>& replicas,
                  const std::vector<node_id>& voters) const;

private:
  const std::uint64_t number_;
  std::uint64_t index_ = 0;
  std::map<node_id, std::uint64_t> hashes_;
  std::map<node_id, std::string> damage_;
  std::set<node_id> different_;
};

} // namespace iris::cluster
