#pragma once

#include "base/random.hpp"
#include "cluster/links/link_actor.hpp"

#include <map>

namespace iris::cluster {

// What a links object says to its porter.

/// The roster, or who listens, has changed.
struct reconcile {};
/// Answered when all links have ended; none is made any more.
struct end_links {};
/// To itself.
struct dial_again {
  node_id peer;
};
struct sweep_strangers {};

/// Answers at the node's door, and keeps each peer's links to one at a time.
///
/// 1. Of two nodes the one with the lower number connects, so that there are
///    never two connections that are each the other's redundant one.
/// 2. A link comes up only once the last one of that peer has ended.
/// 3. A newer link replaces an older one.
class porter final : public caf::event_based_actor {
public:
  porter(caf::actor_config& config, link_environment& env, std::uint64_t seed);

  caf::behavior make_behavior() override;
  const char* name() const override { return "iris.porter"; }

private:
  struct entry {
    peer_ptr peer;
    /// Where its links lead.
    std::optional<config::endpoint> at;
    /// The one that is up, or connects.
    caf::actor current;
    /// Comes up when `current` has ended.
    caf::actor next;
    std::uint64_t incarnation = 0, next_incarnation = 0;
    unsigned failures = 0;
    bool dialing_later = false;
  };

  /// Whoever calls again and again without coming up.
  static constexpr std::size_t callers_max = 64;

  bool calls(node_id peer) const { return env_.options.self.node < peer; }
  void on_hello(const hello& what);
  void turn_away(const std::string& why);
  void on_claim(const claim& by);
  void on_down(const caf::actor_addr& link);
  void update();
  void dial(node_id to);
  void dial_later(node_id to, entry& about);
  void spawn_link(entry& about, std::optional<call> from);
  void end_links_of(node_id peer);

  link_environment& env_;
  random_source random_;
  std::map<node_id, entry> peers_;
  std::map<caf::actor_addr, node_id> links_;
  bool ending_ = false;
  caf::response_promise ended_;
};

} // namespace iris::cluster

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(iris::cluster::reconcile)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(iris::cluster::end_links)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(iris::cluster::dial_again)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(iris::cluster::sweep_strangers)
