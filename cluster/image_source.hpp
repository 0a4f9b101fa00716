#pragma once

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "cluster/image_wire.hpp"
#include "persistence/state_store.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace iris::cluster {

/// A configuration, encoded, and the index of the entry it came with.
struct placed_configuration {
  std::uint64_t index = 0;
  std::string bytes;

  bool operator==(const placed_configuration&) const = default;
};

/// Serves one shard's images to the replicas that copy it: one to each, piece
/// by piece, as they ask. Owned by the shard, on its executor.
class image_source {
public:
  struct parts {
    shard_id id;
    const persistence::state_store& state;
    executor& home;
    executor& readers;
    const clock& time;
    /// What was in force at an applied index.
    std::function<placed_configuration(std::uint64_t)> configuration_at;
    std::function<void(node_id, const image_message&)> send;
  };

  explicit image_source(parts with) : parts_(std::move(with)) {}

  /// Answered by a piece or a refusal, or not at all while the one before is
  /// being answered.
  void on_request(node_id from, const image_request& what);

  /// Where the oldest image that is being copied was applied: who copies it
  /// needs the log from there on.
  std::optional<std::uint64_t> oldest() const;

private:
  /// Used by one reader at a time.
  struct open_image {
    std::uint64_t copy = 0;
    std::unique_ptr<persistence::shard_image> image;
    placed_configuration configuration;
    std::uint64_t applied = 0; ///< once it is known
    bool read = false;         ///< by a reader, just now
    std::chrono::nanoseconds last_used{0};
  };

  static result<image_piece> read(const persistence::state_store& state,
                                  shard_id id, open_image& from,
                                  const image_request& what);
  void answer(node_id to, const image_request& what, open_image& from,
              result<image_piece> found);
  void forget_later();
  void forget_idle();

  const parts parts_;
  std::map<node_id, std::shared_ptr<open_image>> images_;
  bool watching_ = false; ///< a look at who is idle is to come
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace iris::cluster
