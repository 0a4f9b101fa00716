#pragma once

#include "base/random.hpp"
#include "persistence/node_store.hpp"
#include "tests/sim/memory_disk.hpp"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace iris::persistence {

/// What one shard must hold, kept by hand.
struct shard_model {
  struct logged {
    std::uint64_t term = 0;
    std::string payload;

    bool operator==(const logged&) const = default;
  };
  using content = std::map<std::string, std::string>;

  /// After each applied entry; the first is the beginning.
  struct applied_state {
    content keys;
    std::uint64_t term = 0;
    std::uint64_t checksum = 0;
  };

  hard_state state;
  log_floor floor;
  std::uint64_t first = 1;
  std::vector<logged> entries; ///< from `first` on
  std::vector<applied_state> states{{}};
  std::uint64_t synced = 0; ///< applied and synced

  std::uint64_t last() const noexcept { return first + entries.size() - 1; }
  std::uint64_t applied() const noexcept { return states.size() - 1; }
};

/// Drives a node's store with random work, knows what it acknowledged, and
/// checks that against what it finds after a reopening.
class store_model {
public:
  static constexpr std::uint16_t shards = 3;

  explicit store_model(std::uint64_t seed) : random_(seed) {}

  /// One random piece of work, by weight: append, replace, apply, sync and cut.
  /// What fails makes it stop: false.
  bool work(node_store& store);

  /// Everything that the store must hold or may hold. Returns what is wrong;
  /// empty when nothing is. Goes on from what it found.
  std::string check(const node_store& store);

  /// How the last failed call failed.
  const error& failure() const noexcept { return failure_; }

  random_source& random() noexcept { return random_; }

  static const identity& self();
  /// Small buffers, so that little work makes many files.
  static node_options options();

private:
  shard_id any_shard() {
    return {static_cast<std::uint16_t>(random_.below(shards))};
  }
  bool append(node_store& store);
  bool replace(node_store& store);
  bool apply(node_store& store);
  bool sync(node_store& store);
  bool commit(node_store& store, const std::vector<log_change>& changes);
  log_change some_entries(shard_id shard, std::uint64_t first);
  std::string some_writes(shard_id shard);
  bool failed(const result<void>& done);

  std::string check_log(shard_model& model, const loaded_log& found,
                        const shard_model* also);
  std::string check_state(shard_id shard, const node_store& store,
                          const shard_model* also);

  random_source random_;
  std::array<shard_model, shards> models_;
  /// As `models_` would be, had the call succeeded that failed.
  std::optional<std::array<shard_model, shards>> in_flight_;
  error failure_;
};

} // namespace iris::persistence
