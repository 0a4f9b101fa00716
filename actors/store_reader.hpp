#pragma once

#include "actors/records.hpp"
#include "persistence/state_store.hpp"

#include <utility>

namespace iris::actors {

/// Reads one actor's records at activation, and keeps the first failure.
class store_reader {
public:
  store_reader(const persistence::state_store& store, const keyring& keys)
    : store_(store), keys_(keys) {}

  /// Calls `use(suffix, payload)`, which returns a result<void>, for up to
  /// `limit` records. Returns how many there were, at most `limit`.
  template <class F>
  std::size_t each(record kind, bool backwards, std::size_t limit, F use) {
    std::size_t count = 0;
    auto first = keys_.all(kind);
    auto done =
      store_.scan(first, persistence::prefix_end(first), backwards,
                  [&](std::string_view key, std::string_view payload) {
                    if (count == limit || !ok_)
                      return false;
                    ++count;
                    ok_ = use(keys_.suffix(key), payload);
                    return true;
                  });
    if (ok_ && !done)
      ok_ = done.failure();
    return count;
  }

  const result<void>& ok() const { return ok_; }

private:
  const persistence::state_store& store_;
  const keyring& keys_;
  result<void> ok_;
};

/// Assigns a decoded value, or passes the failure on.
template <class T, class Target>
result<void> keep(result<T> from, Target&& to) {
  if (!from)
    return from.failure();
  to = std::move(*from);
  return {};
}

} // namespace iris::actors
