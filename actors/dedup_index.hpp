#pragma once

#include "actors/records.hpp"

#include <map>
#include <optional>
#include <utility>

namespace iris::actors {

/// What a conversation knows of the ids it has seen, exact at bounded memory:
/// the newest are here, all are in the store. Ids begin with their time, so an
/// id newer than everything that was pushed out is known to be new without a
/// look at the store; for a well-behaved client that is each of them.
class dedup_index {
public:
  static constexpr std::size_t entries_max = 64;

  using key = std::pair<message_id, user_id>;

  enum class answer { unknown, fresh, known };

  /// From the store at activation, newest first; `complete` when it was all.
  void load(std::map<key, dedup_record> newest, bool complete) {
    entries_ = std::move(newest);
    pushed_out_.reset();
    if (!complete && !entries_.empty())
      pushed_out_ = time_of(entries_.begin()->first.first);
  }

  void insert(const key& id, const dedup_record& where) {
    entries_.insert_or_assign(id, where);
    while (entries_.size() > entries_max) {
      auto oldest = time_of(entries_.begin()->first.first);
      if (!pushed_out_ || *pushed_out_ < oldest)
        pushed_out_ = oldest;
      entries_.erase(entries_.begin());
    }
  }

  /// `unknown`: look at the store, then ask again with what it said.
  std::pair<answer, dedup_record> find(const key& id) const {
    if (auto i = entries_.find(id); i != entries_.end())
      return {answer::known, i->second};
    if (!pushed_out_ || time_of(id.first) > *pushed_out_)
      return {answer::fresh, {}};
    if (auto i = looked_up_.find(id); i != looked_up_.end())
      return i->second ? std::pair{answer::known, *i->second}
                       : std::pair{answer::fresh, dedup_record{}};
    return {answer::unknown, {}};
  }

  /// What the store said of `id`; kept until `forget_lookups`.
  void looked_up(const key& id, std::optional<dedup_record> found) {
    looked_up_[id] = found;
  }

  void forget_lookups() { looked_up_.clear(); }

private:
  std::map<key, dedup_record> entries_;
  std::optional<timestamp> pushed_out_;
  std::map<key, std::optional<dedup_record>> looked_up_;
};

} // namespace iris::actors
