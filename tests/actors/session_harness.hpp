#pragma once

#include "actors/session.hpp"
#include "tests/actors/support.hpp"
#include "tests/lines.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

namespace iris::actors::test {

/// A session with everything that it said and asked for, as short lines, and
/// clocks that the test moves.
///
/// Frames are written as "sent <id>", "error <code> …", commands as
/// "submit …": see session_harness.cpp.
class session_harness final : session::sink {
public:
  explicit session_harness(session_state up_to = session_state::connected,
                           session_options with = {});

  /// What one read brought.
  void receive(const std::vector<protocol::client_frame>& frames);
  void receive(const protocol::client_frame& frame) {
    receive(std::vector<protocol::client_frame>{frame});
  }
  void tick() { it->tick(wall, now); }
  void answered(std::uint64_t tag,
                const std::vector<outstanding::answer>& answers) {
    it->answered(tag, answers, now);
  }
  void refused(std::uint64_t tag, errc code) {
    it->refused(tag, {code, "", 100}, now);
  }
  void lost(std::uint64_t tag) {
    it->lost(tag, {errc::unavailable, "", 100}, now);
  }
  /// Moves on to the session's next deadline.
  void wait() {
    pass(it->next_deadline() - now);
    tick();
  }
  /// Moves both clocks, to the nanosecond.
  void pass(std::chrono::nanoseconds time);

  /// What came out since the last call.
  std::vector<std::string> take();

  /// Brings a new connection into a state.
  void advance_to(session_state goal);

  /// The name of an id in lines and frames; "a" is the same id everywhere.
  static message_id id(std::string_view name);

  session_options options;
  timestamp wall{1'700'000'000'000};
  std::chrono::nanoseconds now = std::chrono::hours{1};
  inbox_offset cursor{3};
  inbox_offset floor{2};
  inbox_offset head{10};
  std::optional<session> it;
  /// Tags of the commands, in order.
  std::vector<std::uint64_t> tags;
  bool closed = false;

private:
  void send(const protocol::server_frame& frame,
            std::string_view trace) override;
  void act(session::command what) override;
  void close() override;

  std::vector<std::string> lines_;
};

using lines = std::vector<std::string>;

protocol::client_frame send_to(std::string_view id, std::string_view user);
protocol::sent sent(std::string_view id);
protocol::failed refused(std::string_view id, errc code);

} // namespace iris::actors::test
