#include "actors/attachment.hpp"

#include "actors/retry_pause.hpp"

namespace iris::actors {

void attachment::opening(nanoseconds now) noexcept {
  state_ = state::opening;
  next_ = now + answer_timeout;
}

void attachment::opened() noexcept {
  state_ = state::open;
  again_ = true;
  attempts_ = 0;
}

void attachment::failed(nanoseconds now, std::uint32_t hint_ms) {
  // What is told twice changes nothing.
  if (state_ == state::closed || state_ == state::pausing)
    return;
  if (attempts_ == 0)
    give_up_ = now + patience;
  next_ = now + retry_pause(attempts_++, hint_ms, salt_);
  state_ = state::pausing;
}

bool attachment::worth_waiting(const error& why) const noexcept {
  return why.code == errc::not_leader || why.code == errc::unavailable
         || (again_ && retryable(why.code));
}

attachment::step attachment::due(nanoseconds now) {
  if (now < next_deadline())
    return step::none;
  if (attempts_ > 0 && now >= give_up_) {
    state_ = state::closed;
    return step::give_up;
  }
  if (state_ == state::pausing)
    return step::open;
  failed(now, 0);
  return step::none;
}

attachment::nanoseconds attachment::next_deadline() const noexcept {
  if (state_ == state::closed || state_ == state::open)
    return nanoseconds::max();
  return attempts_ > 0 ? std::min(next_, give_up_) : next_;
}

} // namespace iris::actors
