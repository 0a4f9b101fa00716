#pragma once

#include "base/random.hpp"
#include "protocol/frames.hpp"

#include <deque>
#include <map>
#include <vector>

namespace iris::client {

/// A node as docs/protocol.md describes it, for one user, in memory. What it
/// does next, and what goes wrong, is up to the random source.
class model_node {
public:
  explicit model_node(random_source& random) : random_(random) {}

  // -- the connection ---------------------------------------------------------

  void connect();
  /// What was received is still worked on; nobody hears of it.
  void cut();
  void receive(const protocol::client_frame& frame);
  /// Does one of the things that are to be done. False if there are none.
  bool step();
  /// Takes no more, and says so.
  void drain();

  /// Of all things that can go wrong, this percentage does.
  void faults(unsigned percent) noexcept { faults_ = percent; }
  /// Somebody else writes to the user.
  void write_to_user();

  bool linked = false;
  std::deque<protocol::server_frame> out;

  // -- what became of it all --------------------------------------------------

  /// The ids that were committed, in order.
  std::map<conversation_id, std::vector<message_id>> logs;
  std::vector<protocol::item> inbox;
  /// What the client did that it must not do.
  std::vector<std::string> complaints;

private:
  struct command {
    protocol::send what;
    int connection = 0;
  };

  void on(const protocol::hello& x);
  void on(const protocol::auth& x);
  void on(const protocol::sync& x);
  void on(const protocol::ack& x);
  void on(const protocol::send& x);
  void on(const protocol::ping& x);
  void on(const protocol::pong&) {}
  template <class Frame>
  void on(const Frame&);

  void work();
  protocol::server_frame settle(const protocol::send& x,
                                const conversation_id& where);
  protocol::failed refuse(const message_id& id, errc code);
  void push();
  bool may_push() const;
  bool fault() { return random_.chance(faults_); }

  random_source& random_;
  unsigned faults_ = 0;
  int connection_ = 0;
  bool draining_ = false;
  bool synced_ = false;
  bool live_ = false;
  std::uint64_t head_at_sync_ = 0;
  std::uint64_t pushed_ = 0;
  std::uint64_t acked_ = 0;
  std::uint64_t cursor_ = 0;
  std::uint32_t window_ = 0;
  std::uint32_t in_flight_max_ = 0;
  std::size_t in_flight_ = 0;
  std::map<conversation_id, std::deque<command>> commands_;
  std::map<message_id, protocol::sent> answers_;
};

} // namespace iris::client
