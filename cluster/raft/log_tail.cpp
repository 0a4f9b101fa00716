#include "cluster/raft/log_tail.hpp"

#include "base/assert.hpp"
#include "cluster/raft/entry_type.hpp"

namespace iris::cluster::raft {

using persistence::log_entry;
using persistence::log_floor;

void log_tail::reset(log_floor floor, std::uint64_t first_index,
                     std::span<const log_entry> entries) {
  floor_ = std::move(floor);
  first_ = first_index;
  entries_.assign(entries.begin(), entries.end());
}

void log_tail::append(std::uint64_t index, std::span<const log_entry> entries) {
  IRIS_ASSERT(index > floor_.index && index <= last_index() + 1);
  entries_.resize(index - first_);
  entries_.insert(entries_.end(), entries.begin(), entries.end());
}

void log_tail::cut(log_floor floor, std::uint64_t keep_from) {
  IRIS_ASSERT(keep_from <= floor.index + 1 && floor.index <= last_index());
  floor_ = std::move(floor);
  for (; first_ < keep_from; ++first_)
    entries_.pop_front();
}

const log_entry& log_tail::at(std::uint64_t index) const {
  IRIS_ASSERT(holds(index));
  return entries_[index - first_];
}

std::uint64_t log_tail::term_of(std::uint64_t index) const noexcept {
  if (holds(index))
    return entries_[index - first_].term;
  return index == floor_.index ? floor_.term : 0;
}

log_floor log_tail::floor_at(std::uint64_t index) const {
  log_floor out{index, at(index).term, floor_.configuration,
                floor_.configuration_index};
  for (auto i = index; i >= first_ && i > floor_.configuration_index; --i) {
    if (is(at(i), entry_type::configuration)) {
      out.configuration = *at(i).payload;
      out.configuration_index = i;
      break;
    }
  }
  return out;
}

} // namespace iris::cluster::raft
