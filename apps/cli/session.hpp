#pragma once

#include "apps/cli/console.hpp"
#include "apps/cli/login.hpp"
#include "clients/cpp/client.hpp"

#include <optional>

namespace iris::cli {

/// A command that is logged in: a client, and how the command ends. What
/// every such command does alike is done here: where no node can be reached at
/// first it ends, one that is lost later is awaited; a refusal ends it.
class session {
public:
  using handler = std::function<void(client::event)>;

  /// `task` is what can't be done if it fails: "can't send to bob".
  session(const console& io, login with, std::string task);

  /// Called for each event, after the session has looked at it. Set it before
  /// run().
  void on_event(handler x) { handler_ = std::move(x); }

  /// Called before it says why it failed, so that the screen is free.
  void before_failing(std::function<void()> x) {
    before_failing_ = std::move(x);
  }

  /// Called with a refusal for good; whether the session ends without a word,
  /// because its owner knows what else to do.
  void on_refusal(std::function<bool(const error&)> x) {
    knows_better_ = std::move(x);
  }

  client::client& node() noexcept { return client_; }
  boost::asio::io_context& io() noexcept { return io_; }
  const console& terminal() const noexcept { return console_; }

  /// What the command ends with. The first call counts.
  void end(exit_code code);
  void fail(const error& why, std::string remedy = {});
  /// What it ends with from here on, silently, when it would fail.
  void settle(exit_code code) { settled_ = code; }

  /// Gives up unless it has ended by then: as timed out, or with what the
  /// node refused it with all the while. A later call moves the deadline; 0 s
  /// take it away.
  void expect_end_within(double seconds, std::string awaited);

  /// Connects, and runs until the end. Afterwards the connection is closed.
  exit_code run();

private:
  void give_up(const std::string& awaited);
  void handle(client::event what);
  void look_at(const client::connected&);
  void look_at(const client::disconnected& x);
  void look_at(const client::stopped& x);
  template <class Event>
  void look_at(const Event&) {
    // nop
  }

  const console& console_;
  const std::string task_;
  const bool names_authority_;
  handler handler_;
  std::function<void()> before_failing_ = [] {};
  std::function<bool(const error&)> knows_better_ = [](const error&) {
    return false;
  };
  bool was_connected_ = false;
  std::optional<exit_code> settled_;
  std::optional<exit_code> ended_;
  boost::asio::io_context io_{1};
  boost::asio::steady_timer deadline_{io_};
  client::client client_;
};

} // namespace iris::cli
