#pragma once

#include "cluster/raft/messages.hpp"

#include <cstdint>
#include <deque>
#include <vector>

namespace iris::cluster::raft {

/// What is on its way to the disk, and what has to wait for it: the part of a
/// core that keeps rules 3, 4 and 10 of docs/adr/0010.
class outbox {
public:
  /// The ticket of the next change.
  std::uint64_t next() const noexcept { return next_; }

  /// A change leaves for the disk. `appended` entries from `first` on, which
  /// replace what was on its way there.
  std::uint64_t leaves(bool state, std::uint64_t first, std::size_t appended);

  /// The oldest one is durable. The index up to which its entries still stand
  /// in the log; 0 when it had none, or none is left.
  std::uint64_t arrived(std::uint64_t ticket);

  /// Takes a message that may have to wait.
  void add(message what);

  /// Those that need not wait any more, in order.
  std::vector<message> take();

private:
  struct change {
    std::uint64_t ticket;
    std::uint64_t first;
    std::uint64_t last; ///< less than first: none is left
  };

  struct waiting {
    std::uint64_t ticket; ///< leaves when this one is durable
    message what;
  };

  std::uint64_t needs(const message& what) const;

  std::uint64_t next_ = 1;
  std::uint64_t durable_ = 0; ///< the ticket
  std::uint64_t state_ = 0;   ///< the last ticket with a term or a vote
  std::deque<change> changes_;
  std::vector<waiting> waiting_;
};

} // namespace iris::cluster::raft
