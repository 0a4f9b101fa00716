#pragma once

#include "cluster/links/handshake.hpp"
#include "cluster/links/incoming.hpp"
#include "cluster/links/roster.hpp"
#include "cluster/links/transport.hpp"

#include <caf/all.hpp>

#include <atomic>

namespace iris::cluster {

/// What all actors of a links object share. Outlives them.
struct link_environment {
  const link_options& options;
  const links::parts& with;
  connections& sockets;
  roster& peers;
  caf::actor broker;
  std::atomic<network::receiver*> to{nullptr}; ///< null before links::start
};

/// The other end says hello.
struct call {
  hello what;
  caf::actor from;
};

// What link actors and their porter say to each other.

/// To the porter: the other is who it says.
struct claim {
  node_id peer;
  std::uint64_t incarnation = 0;
};
/// From the porter: there is no other link to this peer any more.
struct claimed {};
/// From the porter: there is one, to a later process.
struct outdated {};
/// To the porter.
struct came_up {
  node_id peer;
};

// What a link actor says to itself.

struct link_begin {};
struct link_tick {};
struct link_flush {};

/// One session with one peer, from the first word to the last: a detached actor
/// whose thread connects, asks `admit` and calls the receiver, so that no peer
/// waits for another. It ends with the link; the next one is a new actor, which
/// nothing that was meant for this one can reach.
class link_actor final : public caf::event_based_actor {
public:
  struct parts {
    link_environment& env;
    peer_ptr peer;
    caf::actor porter;
    /// Who called; this node calls if there is none.
    std::optional<call> from;
  };

  link_actor(caf::actor_config& config, parts with);

  caf::behavior make_behavior() override;
  const char* name() const override { return "iris.link"; }
  void on_exit() override;

private:
  enum class phase { greeting, proving, claiming, up, refusing };

  const link_options& options() const { return with_.env.options; }
  bool connects() const { return !with_.from; }

  // link_handshake.cpp
  void dial();
  void greet(const caf::strong_actor_ptr& door);
  void pick_up();
  void welcome_caller();
  void on_welcome(const welcome& what);
  void on_proven(const proven& what);
  bool admitted();
  void refuse(const error& why);
  void on_refused(const std::string& why);

  // link_actor.cpp
  void come_up();
  void on_tick();
  void on_beat(const beat& what);
  void on_packet(const packet& what);
  void deliver(lane by, const std::string& pieces);
  void send_waiting();
  bool belongs(const session_id& x);
  void end(const std::string& why);
  void end_closed(const std::string& while_doing = {});
  void report(const std::string& why, bool explains = true);

  parts with_;
  handshake hands_;
  incoming in_;
  phase phase_ = phase::greeting;
  caf::actor peer_;
  connection_ptr socket_;
  session_id session_;
  std::uint64_t sent_ = 0, taken_ = 0;
  std::uint64_t mark_ = 0; ///< the peer's
  /// Ticks since something came; since the beginning, until it is up.
  unsigned silent_ = 0;
  std::string why_;
};

} // namespace iris::cluster

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(iris::cluster::link_begin)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(iris::cluster::link_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(iris::cluster::link_flush)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(iris::cluster::claim)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(iris::cluster::claimed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(iris::cluster::outdated)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(iris::cluster::came_up)
