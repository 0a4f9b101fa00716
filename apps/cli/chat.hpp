#pragma once

#include "apps/cli/chat_view.hpp"
#include "apps/cli/target.hpp"
#include "clients/cpp/events.hpp"

#include <map>
#include <optional>

namespace iris::cli {

/// What a chat asks of its node. Each fails or gives the id, or the number, of
/// the answer.
class chat_node {
public:
  virtual ~chat_node() = default;
  virtual result<message_id> send(const target& to, std::string body) = 0;
  virtual result<std::uint64_t> ask_history(const conversation_id& of,
                                            std::uint32_t count) = 0;
  virtual result<std::uint64_t> ask_status(std::vector<user_id> of) = 0;
  virtual result<std::uint64_t> ask_roster(const conversation_id& of) = 0;
};

/// A conversation at a terminal: lines and events in, a view and a node out.
/// No I/O and no clock.
///
/// Life cycle: what was in the inbox when it began is passed over; then the
/// last messages of the history are shown, then what comes. Each message is
/// shown once.
class chat {
public:
  struct options {
    target to;
    /// Messages shown at the start, and by /history alone.
    std::uint32_t history = 20;
    /// What this device sent has a tick and is not shown again.
    device_id device;
  };

  chat(options with, chat_node& node, chat_view& view)
    : options_(std::move(with)), node_(node), view_(view) {}

  void handle(const client::event& what);

  /// A line that was typed: a message or a command. False: it was /quit.
  bool type(const std::string& line);

  /// The history was shown: lines may be typed.
  bool ready() const noexcept { return shown_.has_value(); }
  /// Lines without an answer.
  std::size_t unanswered() const noexcept { return pending_.size(); }
  /// Questions without an answer.
  bool asking() const noexcept { return !asked_.empty(); }
  /// A line was refused, or was a command that there is not.
  bool failed() const noexcept { return failed_; }
  /// Why there is nothing to chat in; none as long as there may be.
  const error& closed() const noexcept { return closed_; }

private:
  enum class question { history, status, roster };

  void on(const client::connected& x);
  void on(const client::disconnected& x);
  void on(const client::message& x);
  void on(const protocol::live& x);
  void on(const protocol::sent& x);
  void on(const client::failed& x);
  void on(const protocol::history_page& x);
  void on(const protocol::statuses& x);
  void on(const protocol::members& x);
  void on(const client::refused& x);
  template <class Event>
  void on(const Event&) {
    // nop
  }

  bool command(const std::string& line);
  void send(const std::string& line);
  void ask_history(std::uint32_t count);
  void ask_who();
  void asked(question what, const result<std::uint64_t>& n);
  /// Whether it was asked for, and is not any more.
  bool answered(std::uint64_t n);
  void begin(sequence head);
  void show(const protocol::item& what);

  const options options_;
  chat_node& node_;
  chat_view& view_;
  user_id me_;
  conversation_id conversation_;
  bool live_ = false;
  bool lost_ = false; ///< the connection, and it was said
  bool failed_ = false;
  error closed_;
  /// Up to where messages have been shown; nothing before the history was.
  std::optional<sequence> shown_;
  /// Came while the history was asked for.
  std::vector<protocol::item> early_;
  std::map<message_id, std::string> pending_;
  std::map<std::uint64_t, question> asked_;
};

} // namespace iris::cli
