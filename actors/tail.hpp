#pragma once

#include "base/assert.hpp"

#include <boost/container/deque.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace iris::actors {

/// An encoded protocol::item: made once, then shared by the conversation's
/// log, every inbox and every frame.
using item_bytes = std::shared_ptr<const std::string>;

/// The newest entries of an append-only log, kept in memory for the readers
/// that are up to date; those behind read the store. Bounded in bytes.
class tail {
public:
  explicit tail(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// The log holds entries up to `position`; none of them is kept here.
  void restart(std::uint64_t position) {
    entries_.clear();
    bytes_ = 0;
    last_ = position;
  }

  void append(item_bytes what) {
    bytes_ += what->size();
    entries_.push_back(std::move(what));
    ++last_;
    while (bytes_ > bytes_max_ && entries_.size() > 1) {
      bytes_ -= entries_.front()->size();
      entries_.pop_front();
    }
  }

  std::uint64_t last() const noexcept { return last_; }

  /// Whether entry `position` is here.
  bool covers(std::uint64_t position) const noexcept {
    return position <= last_ && position > last_ - entries_.size();
  }

  /// Entries from `first` up to `last`, as many as fit in `bytes`, at least
  /// one. Precondition: covers(first), first <= last.
  std::vector<item_bytes> collect(std::uint64_t first, std::uint64_t last,
                                  std::size_t bytes) const {
    IRIS_ASSERT(covers(first) && first <= last);
    std::vector<item_bytes> out;
    auto at = entries_.size() - (last_ - first + 1);
    for (auto i = first; i <= last && i <= last_; ++i, ++at) {
      auto n = entries_[at]->size();
      if (!out.empty() && n > bytes)
        break;
      bytes -= std::min(bytes, n);
      out.push_back(entries_[at]);
    }
    return out;
  }

private:
  const std::size_t bytes_max_;
  /// Boost's takes no memory while it is empty, and most are.
  boost::container::deque<item_bytes> entries_;
  std::size_t bytes_ = 0;
  std::uint64_t last_ = 0;
};

} // namespace iris::actors
