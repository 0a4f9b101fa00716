#pragma once

#include "actors/environment.hpp"

#include <functional>
#include <map>
#include <set>
#include <vector>

namespace iris::actors {

/// What is known of each shard's comparison, or why nothing is.
using compared_shards = std::map<shard_id, shard_compared>;

/// Asks the leaders of all shards and of the control group how far the
/// comparison with one number is, and tells `then` once, in the desk, when all
/// have answered or some take too long. One for each question, for which it
/// lives.
class comparison_desk final
  : public supervision::bounded<comparison_desk_actor::base> {
public:
  static constexpr std::chrono::seconds patience{3};

  comparison_desk(caf::actor_config& config, const environment& env,
                  std::uint64_t number,
                  std::function<void(const compared_shards&)> then);

  behavior_type make_behavior() override;
  const char* name() const override { return "comparison_desk"; }

protected:
  void bounce(caf::mailbox_element&) override {}
  // It is sent what it asked for.
  bool control(const caf::type_erased_tuple&) const noexcept override {
    return true;
  }

private:
  void ask_next();
  void on_answer(shard_compared& what);
  void end();

  const environment& env_;
  const std::uint64_t number_;
  std::function<void(const compared_shards&)> then_;
  std::vector<shard_id> left_; ///< to be asked, the last first
  std::set<shard_id> waiting_; ///< that have not answered, or were not asked
  compared_shards heard_;
};

/// What a shard's actor says.
void answer(const compare_shard& what, const error& refused,
            cluster::shard& of);

} // namespace iris::actors
