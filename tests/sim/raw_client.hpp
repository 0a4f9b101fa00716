#pragma once

#include "protocol/codec.hpp"
#include "protocol/framer.hpp"
#include "tests/sim/sim_node.hpp"

#include <memory>
#include <vector>

namespace iris::sim {

/// A client without any manners of its own: sends what it is told, keeps what
/// it gets. For tests that look at single frames.
class raw_client {
public:
  raw_client(world& in, sim_node& to) : world_(in), node_(to) {}

  /// Connects anew; earlier frames are forgotten.
  void connect();
  void send(const protocol::client_frame& frame);
  void send_bytes(std::string bytes) { link_->client_send(std::move(bytes)); }
  void disconnect() { link_->cut(); }

  /// hello, auth and, unless `from` is empty, sync, waiting for the answers.
  void log_in(const std::string& user, const std::string& device,
              std::optional<std::uint64_t> from = 0);

  /// Waits, in virtual time, for a frame of this type that was not taken yet.
  /// Fails the test after ten seconds of it.
  template <class Frame>
  Frame take();

  bool closed() const noexcept { return closed_; }
  void wait_closed();
  const std::vector<protocol::server_frame>& frames() const { return frames_; }
  link& connection() { return *link_; }

private:
  [[noreturn]] void give_up(const std::string& expected) const;

  world& world_;
  sim_node& node_;
  std::shared_ptr<link> link_;
  std::shared_ptr<protocol::framer> framer_;
  std::vector<protocol::server_frame> frames_;
  bool closed_ = false;
};

template <class Frame>
Frame raw_client::take() {
  auto found = frames_.end();
  auto look = [&] {
    found = std::find_if(frames_.begin(), frames_.end(), [](const auto& x) {
      return std::holds_alternative<Frame>(x);
    });
    return found != frames_.end();
  };
  if (!world_.run(std::chrono::seconds{10}, look))
    give_up(std::string{protocol::type_name(Frame{})});
  auto out = std::get<Frame>(std::move(*found));
  frames_.erase(found);
  return out;
}

} // namespace iris::sim
