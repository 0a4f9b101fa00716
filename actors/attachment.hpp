#pragma once

#include "base/error.hpp"

#include <chrono>
#include <cstdint>

namespace iris::actors {

/// Keeps a connection's inbox open, wherever it is kept: says when to open it
/// again, and when to give up. Pure: no actor, no clock.
class attachment {
public:
  using nanoseconds = std::chrono::nanoseconds;

  enum class step : std::uint8_t { none, open, give_up };

  /// An inbox that nobody keeps for so long is given up.
  static constexpr std::chrono::seconds patience{30};
  /// An answer that takes longer is not waited for.
  static constexpr std::chrono::seconds answer_timeout{5};

  /// `salt` spreads the pauses of different connections.
  explicit attachment(std::uint64_t salt) noexcept : salt_(salt) {}

  /// It is being opened.
  void opening(nanoseconds now) noexcept;
  void opened() noexcept;
  /// Not, or no more: try again.
  void failed(nanoseconds now, std::uint32_t hint_ms);
  /// For good.
  void closed() noexcept { state_ = state::closed; }

  bool is_open() const noexcept { return state_ == state::open; }
  /// Whether to wait for it after this refusal.
  bool worth_waiting(const error& why) const noexcept;

  /// What is to be done now. Call it at `next_deadline`, or later.
  step due(nanoseconds now);
  /// max() if there is nothing to wait for.
  nanoseconds next_deadline() const noexcept;

private:
  enum class state : std::uint8_t { closed, opening, open, pausing };

  const std::uint64_t salt_;
  state state_ = state::closed;
  bool again_ = false;     ///< it was open before
  unsigned attempts_ = 0;  ///< in vain, since it was open
  nanoseconds next_{0};    ///< answer or attempt
  nanoseconds give_up_{0}; ///< while there are any
};

} // namespace iris::actors
