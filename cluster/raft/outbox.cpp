#include "cluster/raft/outbox.hpp"

#include "base/assert.hpp"
#include "cluster/raft/entry_type.hpp"

#include <algorithm>

namespace iris::cluster::raft {

std::uint64_t outbox::leaves(bool state, std::uint64_t first,
                             std::size_t appended) {
  if (state)
    state_ = next_;
  if (appended > 0) {
    // Rule 4: what was overwritten is never reported as durable.
    for (auto i = changes_.rbegin(); i != changes_.rend(); ++i) {
      if (i->first > 0 && i->last < first)
        break; // and so do those before it
      i->last = std::min(i->last, first - 1);
    }
  }
  changes_.push_back({next_, first, appended > 0 ? first + appended - 1 : 0});
  return next_++;
}

std::uint64_t outbox::arrived(std::uint64_t ticket) {
  IRIS_ASSERT(!changes_.empty() && changes_.front().ticket == ticket);
  auto what = changes_.front();
  changes_.pop_front();
  durable_ = ticket;
  return what.first > 0 && what.last >= what.first ? what.last : 0;
}

void outbox::add(message what) {
  auto ticket = needs(what);
  waiting_.push_back({ticket, std::move(what)});
}

std::uint64_t outbox::needs(const message& what) const {
  // Rule 3: no message before the term and the vote that it stands for.
  auto out = state_;
  if (what.what != message::kind::append)
    return out;
  // Rule 10: a leader's own copy of a change is durable before any other, or
  // it could come back alone with the old configuration.
  for (std::size_t i = 0; i < what.entries.size(); ++i) {
    auto index = what.prev_index + 1 + i;
    if (is(what.entries[i], entry_type::configuration))
      for (const auto& x : changes_)
        if (index >= x.first && index <= x.last)
          out = std::max(out, x.ticket);
  }
  return out;
}

std::vector<message> outbox::take() {
  auto ready = std::stable_partition(
    waiting_.begin(), waiting_.end(),
    [this](const waiting& x) { return x.ticket > durable_; });
  std::vector<message> out;
  for (auto i = ready; i != waiting_.end(); ++i)
    out.push_back(std::move(i->what));
  waiting_.erase(ready, waiting_.end());
  return out;
}

} // namespace iris::cluster::raft
