#pragma once

#include "apps/bench/body.hpp"

#include <cstdint>
#include <set>
#include <vector>

namespace iris::bench {

/// What must not happen to a message. All zero, or the run has failed.
struct faults {
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  /// Came after a later one of the same sender.
  std::uint64_t reordered = 0;
  /// Changed on the way, by content.
  std::uint64_t corrupt = 0;
  /// Whole, but not for this receiver, or under a wrong sequence.
  std::uint64_t misplaced = 0;

  bool any() const noexcept {
    return lost + duplicated + reordered + corrupt + misplaced > 0;
  }
  bool operator==(const faults&) const = default;
};

/// Watches what one receiver gets of one sender, which numbers its messages
/// 1, 2, 3, …: each has to come once, in order. Single-threaded.
class stream_checker {
public:
  explicit stream_checker(std::uint32_t sender = 0) noexcept
    : sender_(sender) {}

  /// Gives what the body says if it is whole and from this sender. `sequence`
  /// is the conversation's number of it, which has to be the same.
  std::optional<body> receive(std::string_view bytes, std::uint64_t sequence);

  /// Messages received so far, each counted once.
  std::uint64_t received() const noexcept {
    return next_ - 1 - missing_.size();
  }

  /// The sum, once the sender has sent `sent` messages and nothing is awaited
  /// any more.
  faults finish(std::uint64_t sent) const noexcept;

private:
  void count(std::uint64_t number);

  std::uint32_t sender_;
  std::uint64_t next_ = 1;
  /// Passed over so far.
  std::set<std::uint64_t> missing_;
  faults found_;
};

/// Adds up.
faults operator+(const faults& a, const faults& b) noexcept;

} // namespace iris::bench
