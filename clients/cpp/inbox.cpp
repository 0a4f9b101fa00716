#include "clients/cpp/inbox.hpp"

#include <algorithm>

namespace iris::client {

namespace {

error expected(const char* what, const std::string& of, inbox_offset found) {
  return {errc::bad_field, std::string{what} + ": expected " + of + ", found "
                             + std::to_string(found.value)};
}

} // namespace

inbox::inbox(const options& with)
  : auto_ack_(with.auto_ack), placed_(with.position.has_value()),
    received_(with.position.value_or(inbox_offset{})), delivered_(received_),
    acked_(received_) {
  // nop
}

result<std::optional<std::pair<inbox_offset, inbox_offset>>>
inbox::open(const protocol::ready& x) {
  if (!std::exchange(placed_, true))
    delivered_ = acked_ = x.cursor;
  live_ = false;
  received_ = delivered_;
  // Its text begins with reasons::beyond_end.
  if (delivered_ > x.head || x.floor > x.head)
    return expected("ready.head",
                    "at least "
                      + std::to_string(std::max(delivered_, x.floor).value),
                    x.head);
  std::optional<std::pair<inbox_offset, inbox_offset>> gone;
  if (delivered_ < x.floor) {
    gone = {delivered_.next(), x.floor};
    received_ = delivered_ = x.floor;
    acked_ = std::max(acked_, x.floor);
  }
  // By the sync, whose window opens from there: the node's cursor may be ahead.
  told_ = acked_;
  return gone;
}

result<std::size_t> inbox::receive(const protocol::items& page) {
  auto next = received_.next();
  if (page.first.value == 0 || page.first > next)
    return expected("items.first",
                    "1 to " + std::to_string(next.value)
                      + ", or items are missing",
                    page.first);
  auto had =
    std::min<std::uint64_t>(next.value - page.first.value, page.list.size());
  received_.value += page.list.size() - had;
  return static_cast<std::size_t>(had);
}

result<void> inbox::receive(const protocol::live& x) {
  if (std::exchange(live_, true))
    return error{errc::illegal_state, "expected live once after a sync"};
  if (x.head > received_)
    return expected("live.head",
                    "at most " + std::to_string(received_.value)
                      + ", or items are missing",
                    x.head);
  return {};
}

void inbox::delivered(inbox_offset upto) noexcept {
  delivered_ = upto;
  if (auto_ack_)
    acked_ = upto;
}

result<void> inbox::ack(inbox_offset upto) {
  if (upto > delivered_)
    return expected("ack",
                    "at most " + std::to_string(delivered_.value)
                      + ", the last offset that was delivered",
                    upto);
  acked_ = std::max(acked_, upto);
  return {};
}

std::optional<inbox_offset> inbox::take_ack() noexcept {
  if (acked_ <= told_)
    return std::nullopt;
  told_ = acked_;
  return told_;
}

} // namespace iris::client
