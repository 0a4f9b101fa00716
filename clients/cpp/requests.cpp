#include "clients/cpp/requests.hpp"

#include <algorithm>

namespace iris::client {

namespace {

bool fits(const protocol::history& asked, const protocol::history_page& x) {
  return x.conversation == asked.conversation && x.list.size() <= asked.limit;
}

bool fits(const protocol::status& asked, const protocol::statuses& x) {
  return std::equal(
    asked.users.begin(), asked.users.end(), x.users.begin(), x.users.end(),
    [](const user_id& a, const auto& b) { return a == b.user; });
}

bool fits(const protocol::conversations& asked,
          const protocol::conversation_list& x) {
  return x.list.size() <= asked.limit;
}

bool fits(const protocol::roster& asked, const protocol::members& x) {
  return x.conversation == asked.conversation;
}

bool fits(const protocol::devices&, const protocol::device_list&) {
  return true;
}

bool fits(const protocol::device_remove&, const protocol::done&) {
  return true;
}

template <class Asked, class Answer>
bool fits(const Asked&, const Answer&) {
  return false;
}

error unknown(std::uint64_t n) {
  return {errc::bad_field, "expected an answer to what was asked, found one "
                           "to request "
                             + std::to_string(n)};
}

} // namespace

result<void> requests::push(protocol::client_frame what, nanoseconds now) {
  if (waiting_.size() >= options_.requests_max)
    return error{errc::overloaded, "expected at most "
                                     + std::to_string(options_.requests_max)
                                     + " unanswered requests"};
  waiting_.emplace(next_n_++,
                   entry{std::move(what), now + options_.answer_timeout});
  return {};
}

const protocol::client_frame* requests::next() {
  auto x = waiting_.lower_bound(unsent_);
  if (x == waiting_.end())
    return nullptr;
  unsent_ = x->first + 1;
  x->second.on_wire = true;
  ++on_wire_;
  return &x->second.frame;
}

result<requests::entries::iterator> requests::find(std::uint64_t n) {
  auto x = waiting_.find(n);
  if (x == waiting_.end() || !x->second.on_wire)
    return unknown(n);
  return x;
}

void requests::remove(entries::iterator x) {
  on_wire_ -= x->second.on_wire ? 1 : 0;
  waiting_.erase(x);
}

result<void> requests::answered(const answer& x) {
  auto n = std::visit([](const auto& y) { return y.n; }, x);
  auto found = find(n);
  if (!found)
    return std::move(found).failure();
  auto right =
    std::visit([](const auto& asked, const auto& y) { return fits(asked, y); },
               (*found)->second.frame, x);
  if (!right)
    return unknown(n);
  remove(*found);
  return {};
}

result<void> requests::answered(const protocol::failed& x) {
  auto found = find(*x.n);
  if (!found)
    return std::move(found).failure();
  remove(*found);
  return {};
}

void requests::disconnected() {
  for (auto& x : waiting_)
    x.second.on_wire = false;
  on_wire_ = 0;
  unsent_ = 1;
}

requests::timed_out requests::expire(nanoseconds now) {
  timed_out out;
  while (!waiting_.empty() && waiting_.begin()->second.deadline <= now) {
    out.list.push_back(waiting_.begin()->first);
    out.on_wire = out.on_wire || waiting_.begin()->second.on_wire;
    remove(waiting_.begin());
  }
  return out;
}

requests::nanoseconds requests::deadline() const noexcept {
  return waiting_.empty() ? nanoseconds::max()
                          : waiting_.begin()->second.deadline;
}

} // namespace iris::client
