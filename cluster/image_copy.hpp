#pragma once

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "base/random.hpp"
#include "cluster/image_source.hpp"
#include "persistence/state_writer.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace iris::cluster {

/// Makes a shard's state anew from another replica's image: clears it, asks
/// whoever it is told for one piece after the other, and takes them in. What
/// isn't answered is asked again; a source that stays silent or lost the image
/// is given up, and the copy begins anew with the next. Owned by the shard, on
/// its executor; the shard takes no part in consensus meanwhile.
class image_copy {
public:
  struct parts {
    shard_id id;
    persistence::state_writer& writer;
    executor& home;
    const clock& time;
    std::function<void(node_id, const image_message&)> send;
  };

  struct events {
    /// All records are there; the shard is still marked as incomplete.
    std::function<void(const persistence::applied_point&,
                       const placed_configuration&)>
      on_restored;
    /// The store failed.
    std::function<void(const error&)> on_failed;
  };

  /// The last entry that an image has applied is this one at least, and of this
  /// term.
  image_copy(parts with, events tell, std::uint64_t min_index,
             std::uint64_t min_term, std::uint64_t seed);

  /// `who` may have an image. Heeded only while there is no source.
  void offer(node_id who);

  void on_piece(node_id from, const image_piece& what);
  void on_refusal(node_id from, const image_refusal& what);

private:
  void clear();
  void request();
  void expect_answer();
  void give_up();

  template <class F>
  auto guarded(F what) {
    return [alive = std::weak_ptr<bool>{alive_}, what](const auto&... xs) {
      if (!alive.expired())
        what(xs...);
    };
  }

  const parts parts_;
  const events tell_;
  const std::uint64_t min_index_;
  const std::uint64_t min_term_;
  random_source random_;
  bool clearing_ = false;
  std::optional<node_id> source_;
  std::uint64_t copy_ = 0;
  std::string after_;
  bool restoring_ = false;
  std::uint64_t requests_ = 0; ///< sent; for the one that is waited for
  int unanswered_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace iris::cluster
