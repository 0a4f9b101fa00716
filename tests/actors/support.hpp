#pragma once

#include "actors/records.hpp"
#include "base/random.hpp"
#include "persistence/state_store.hpp"
#include "persistence/writes.hpp"
#include "tests/sim/memory_disk.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// What the tests of the machines have in common.
namespace iris::actors::test {

/// A state store in memory. It has everything that was ever applied, as after
/// a crash that lost nothing committed.
class store {
public:
  store();

  /// What one command staged, committed.
  void apply(const persistence::writes& what);

  const persistence::state_store& reader() const { return *store_; }

  /// All keys that begin with `prefix`, in order.
  std::vector<std::string> keys(const std::string& prefix) const;

private:
  sim::memory_disk disk_;
  std::unique_ptr<persistence::state_store> store_;
  std::uint64_t index_ = 0;
};

user_id user(std::string_view text);
device_id device(std::string_view text);

/// The UUIDv7 of time `ms` whose random part is `salt`.
message_id id_at(std::int64_t ms, std::uint64_t salt = 0);

/// `text` as an entry of a log.
std::shared_ptr<const std::string> bytes_of(std::string text);

} // namespace iris::actors::test

namespace iris {

// So that a failed check says what was found.
template <class Tag, class T>
std::ostream& operator<<(std::ostream& out, const number<Tag, T>& x) {
  return out << x.value;
}
template <class Tag>
std::ostream& operator<<(std::ostream& out, const name<Tag>& x) {
  return out << x.str();
}
inline std::ostream& operator<<(std::ostream& out, errc x) {
  return out << to_string(x);
}
inline std::ostream& operator<<(std::ostream& out, const timestamp& x) {
  return out << x.ms << " ms";
}

} // namespace iris
