#pragma once

#include "base/result.hpp"
#include "clients/cpp/options.hpp"
#include "protocol/frames.hpp"

#include <optional>

namespace iris::client {

/// Reads the inbox: knows which offsets came, were delivered and were
/// acknowledged. Invariant: acknowledged ≤ delivered ≤ received.
class inbox {
public:
  explicit inbox(const options& with);

  /// A connection is open. Says which offsets are gone for good, if any.
  /// Fails with bad_field if our position can't be one of this inbox.
  result<std::optional<std::pair<inbox_offset, inbox_offset>>>
  open(const protocol::ready& x);

  /// How many items of the page we have already. Fails with bad_field if the
  /// page leaves a gap.
  result<std::size_t> receive(const protocol::items& page);
  /// Fails with bad_field if items before it are missing, or it was said.
  result<void> receive(const protocol::live& x);

  void delivered(inbox_offset upto) noexcept;

  /// The user's own acknowledgement. Fails with bad_field beyond position().
  result<void> ack(inbox_offset upto);
  /// What has to be told to the node, once.
  std::optional<inbox_offset> take_ack() noexcept;

  inbox_offset position() const noexcept { return delivered_; }
  /// Where a sync starts: it says that all before is safe with the user.
  /// What was delivered besides comes again, and is dropped.
  inbox_offset safe() const noexcept { return acked_; }

private:
  bool auto_ack_;
  bool placed_; ///< the position is known
  bool live_ = false;
  inbox_offset received_;
  inbox_offset delivered_;
  inbox_offset acked_; ///< by the user
  inbox_offset told_;  ///< to the node
};

} // namespace iris::client
