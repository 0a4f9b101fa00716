#pragma once

#include "clients/cpp/core.hpp"

#include <deque>
#include <string>
#include <vector>

namespace iris::client {

inline user_id user(std::string_view text) {
  return *user_id::parse(text);
}

/// A client on its own, in virtual time: the test is its transport and its
/// node.
class stage : public sink {
public:
  explicit stage(options with = one_endpoint());

  /// Options for device "phone" of whoever the token callback says.
  static options one_endpoint();

  // -- what the node and the transport do -------------------------------------

  void node(protocol::server_frame frame) {
    core.receive(std::move(frame), now);
  }
  /// The transport is up.
  void link_up();
  /// And hello is answered.
  void greet(protocol::welcome with = {});
  /// Everything up to `ready`, which says that the inbox has `head` entries.
  void open(std::uint64_t head = 0);
  void cut();
  /// Time passes, and deadlines on the way are met.
  void pass(std::chrono::nanoseconds duration);
  /// Waits out the backoff.
  void await_dial();

  /// Items `first` to `last` of a conversation with bob.
  static protocol::items page(std::uint64_t first, std::uint64_t last);
  protocol::sent sent(const message_id& id, std::uint64_t seq = 1) const;
  static protocol::failed refuse(const message_id& id, errc code,
                                 std::uint32_t retry_after_ms = 0);

  // -- what the client did ----------------------------------------------------

  /// Takes all frames, as their types: "hello auth sync".
  std::string said();
  /// Takes the oldest frame, which has to be of this type.
  template <class Frame>
  Frame take();
  /// Takes the oldest event, which has to be of this type.
  template <class Event>
  Event event();
  bool silent() const { return frames.empty(); }
  /// Bodies of the sends that went out, in order, each with the body of the
  /// one it follows: "a b>a c>b". Takes all frames.
  std::string sends();

  message_id send(const std::string& body, const std::string& to = "bob");

  std::chrono::nanoseconds now = std::chrono::seconds{1000};
  std::deque<protocol::client_frame> frames;
  std::deque<client::event> events;
  std::vector<std::string> dialled;
  int closes = 0;
  /// Called for each event before it is kept.
  std::function<void(const client::event&)> on_event;

private:
  void connect(const std::string& endpoint) override;
  void write(const protocol::client_frame& frame) override;
  void close() override;
  void handle(client::event what) override;

  bool up_ = false;

public:
  class core core;
};

template <class Frame>
Frame stage::take() {
  if (frames.empty() || !std::holds_alternative<Frame>(frames.front()))
    throw std::logic_error("expected another frame than: " + said());
  auto out = std::get<Frame>(std::move(frames.front()));
  frames.pop_front();
  return out;
}

template <class Event>
Event stage::event() {
  if (events.empty() || !std::holds_alternative<Event>(events.front()))
    throw std::logic_error(
      "expected another event than of index "
      + (events.empty() ? "none" : std::to_string(events.front().index())));
  auto out = std::get<Event>(std::move(events.front()));
  events.pop_front();
  return out;
}

} // namespace iris::client
