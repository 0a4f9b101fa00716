#pragma once

#include "clients/cpp/core.hpp"
#include "protocol/framer.hpp"
#include "tests/sim/sim_node.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace iris::sim {

/// The real client's core on a simulated link.
class sim_client final : public client::sink {
public:
  /// Connects to any of these, and after a loss to the next.
  sim_client(world& in, std::vector<sim_node*> nodes, const std::string& user,
             const std::string& device,
             std::function<void(client::event)> on_event);

  void start();
  client::core& core() noexcept { return *core_; }
  /// The app ends and starts again, without what was unanswered: at this
  /// offset or, if empty, at what this device acknowledged to the node.
  void restart(std::optional<inbox_offset> position);
  const user_id& user() const noexcept { return user_; }
  const device_id& device() const noexcept { return device_; }

  /// Null while there is no link.
  const sim_node* at() const noexcept { return link_ ? node_ : nullptr; }
  /// The link breaks, if there is one.
  void cut();
  void stall(bool yes);
  /// What the core was told to send goes out now, not when it next wakes up.
  void flush();

private:
  void connect(const std::string& endpoint) override;
  void write(const protocol::client_frame& frame) override;
  void close() override;
  void handle(client::event what) override;

  void make_core(std::optional<inbox_offset> position);
  void received(std::string_view bytes);
  void arm();

  world& world_;
  const std::vector<sim_node*> nodes_;
  const user_id user_;
  const device_id device_;
  const std::function<void(client::event)> on_event_;
  const sim_node* node_ = nullptr; ///< that was dialled last
  std::shared_ptr<link> link_;
  std::unique_ptr<protocol::framer> framer_;
  std::string out_;
  std::chrono::nanoseconds armed_{0};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<client::core> core_;
};

} // namespace iris::sim
