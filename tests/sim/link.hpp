#pragma once

#include "actors/connection.hpp"
#include "protocol/framer.hpp"
#include "tests/sim/world.hpp"

#include <functional>
#include <memory>
#include <string>

namespace iris::sim {

/// A connection between a simulated client and a node: bytes in both
/// directions, in order, each piece after a time of its own, cut anywhere.
/// What is on its way when the link is cut is lost. The node's end is a wire
/// as any transport's.
class link final : public actors::wire,
                   public std::enable_shared_from_this<link> {
public:
  /// The client's end.
  struct client_end {
    std::function<void(std::string_view bytes)> received;
    std::function<void()> closed;
  };

  link(world& in, supervision::unit& home, client_end client);

  /// The node has made its actor.
  void accept(actors::connection_actor owner) { owner_ = std::move(owner); }

  // -- the client's side ------------------------------------------------------

  void client_send(std::string bytes);
  void client_close() { cut(); }
  /// The client takes nothing from its socket for a while, or again.
  void client_stalls(bool yes);

  /// The network breaks; both ends learn of it, at different times.
  void cut();
  /// The node is about to stop.
  void drain();
  /// The node's process ended: nobody is left to be told there.
  void kill();
  bool is_cut() const noexcept { return cut_; }

  // -- the node's side --------------------------------------------------------

  void send(std::string_view frame) override;
  void resume() override;
  void logged_in() override {
    framer_.set_frame_max(protocol::limits::frame_bytes_max);
  }
  std::size_t queued() const override { return to_client_.size(); }
  void close() override;

private:
  /// What the operating systems hold between the two.
  static constexpr std::size_t socket_bytes = 128 * 1024;

  void move_to_node();
  void move_to_client();
  void deliver(std::string_view bytes);
  std::chrono::nanoseconds latency();

  world& world_;
  supervision::unit& home_;
  client_end client_;
  actors::connection_actor owner_;
  protocol::framer framer_{protocol::limits::login_frame_bytes_max};
  std::string to_node_;
  std::string to_client_;
  bool node_moving_ = false;
  bool client_moving_ = false;
  bool reading_ = true; ///< the node takes more
  bool stalled_ = false;
  bool congested_ = false;
  bool closing_ = false;
  bool cut_ = false;
};

} // namespace iris::sim
