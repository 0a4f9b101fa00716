#pragma once

#include "actors/outstanding.hpp"
#include "protocol/frames.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace iris::actors {

/// Where a connection is in its life (docs/protocol.md has the same table).
enum class session_state : std::uint8_t {
  connected,     ///< waits for hello
  negotiated,    ///< waits for auth
  attaching,     ///< the token is good; the user's actor is being asked
  authenticated, ///< may send and ask
  syncing,       ///< catches up with the inbox
  live,          ///< follows the inbox
  draining,      ///< the node stops: answers go out, nothing comes in
  closed,
};

std::string_view to_string(session_state x) noexcept;

/// Who a token speaks for.
struct credentials {
  user_id user;
  std::optional<device_id> device; ///< the only device it is good for
  timestamp expires;
};

struct session_options {
  std::chrono::milliseconds handshake_timeout = std::chrono::seconds{10};
  std::chrono::milliseconds heartbeat = std::chrono::seconds{25};
  /// Without a frame for this long the connection is gone.
  std::chrono::milliseconds idle_timeout = std::chrono::seconds{60};
  /// A submission or request that has no answer by then is given up.
  std::chrono::milliseconds request_timeout = std::chrono::seconds{10};
  /// Submissions on average; one second's worth may come at once. 0: any.
  std::uint32_t sends_per_second = 0;
  /// Fails with token_invalid or token_expired.
  std::function<result<credentials>(std::string_view token, timestamp now)>
    verify;
};

/// One side of the protocol, as a state machine: frames in, frames and
/// commands out. Pure: no actor, no socket, no clock.
///
/// Invariants:
/// 1. Each submission and each request is answered exactly once, while the
///    connection lives.
/// 2. At most `window` items are on their way unacknowledged.
/// 3. After a fatal error nothing is sent any more.
class session final : outstanding::sink {
public:
  using nanoseconds = std::chrono::nanoseconds;

  // What the session wants its actor to do.
  struct attach_device {
    user_id user;
    device_id device;
  };
  using submit_list = actors::submit_list;
  using request = actors::request;
  using status_request = actors::status_request;
  struct acknowledge_inbox {
    inbox_offset upto;
    std::uint64_t items = 0; ///< acknowledged by this for the first time
  };
  using command = std::variant<attach_device, submit_list, request,
                               status_request, acknowledge_inbox>;

  /// Where output goes. Calls come from inside the session's own methods.
  class sink {
  public:
    virtual ~sink() = default;

    /// `trace` is that of the submission that the frame answers, if it had one.
    virtual void send(const protocol::server_frame& frame,
                      std::string_view trace) = 0;
    virtual void act(command what) = 0;
    /// Sends what is queued, then closes.
    virtual void close() = 0;
  };

  session(const session_options& options, sink& out, node_id node,
          nanoseconds now);

  // -- from the client --------------------------------------------------------

  void receive(const protocol::client_frame& frame, timestamp wall,
               nanoseconds now);
  /// A frame that could not be decoded; the error as it goes back.
  void refuse(protocol::failed why, nanoseconds now);
  /// All that one read brought has been received: what belongs together goes
  /// out together.
  void flush();

  // -- from the actors --------------------------------------------------------

  void attached(const error& refused, inbox_offset cursor, inbox_offset floor,
                inbox_offset head);
  void answered(std::uint64_t tag,
                std::vector<std::variant<protocol::sent, protocol::failed>>,
                nanoseconds now);
  /// Nobody carried the command out; it is sent again for as long as its
  /// deadline allows, if that may help.
  void refused(std::uint64_t tag, const error& why, nanoseconds now);
  /// The same, if somebody may have carried it out.
  void lost(std::uint64_t tag, const error& why, nanoseconds now);
  /// Whether the request is still waited for; if so it counts as answered,
  /// and `n` is what the client called it.
  std::optional<std::uint64_t> take_request(std::uint64_t tag);
  void status_answered(std::uint64_t tag, const protocol::user_status& what);
  /// `count` items from `first` were sent, and none is left before them; there
  /// is nothing behind `head`. All were asked for since the last sync.
  void pushed(inbox_offset first, std::size_t count, inbox_offset head);
  void cut_off(const error& why);
  void drain(std::string reason, std::uint32_t retry_after_ms,
             std::vector<std::string> nodes = {});
  /// Closes a stopping connection once all is answered. Call it when the
  /// answer of a request that was taken is out.
  void finish_drain();

  /// Deadlines: call at `next_deadline`, or later.
  void tick(timestamp wall, nanoseconds now);
  nanoseconds next_deadline() const noexcept { return deadline_; }

  // -- what the actor needs to know -------------------------------------------

  session_state state() const noexcept { return state_; }
  const user_id& user() const noexcept { return user_; }
  const device_id& device() const noexcept { return device_; }
  /// Items that may be asked for now; 0 when the window is full.
  std::uint32_t may_pull() const noexcept;
  inbox_offset position() const noexcept { return pushed_; }
  /// What the device acknowledged.
  inbox_offset cursor() const noexcept { return cursor_; }
  /// How many there were; what was pulled for an earlier one counts no more.
  std::uint64_t syncs() const noexcept { return syncs_; }
  /// The next page says what there was at the sync, even without items.
  bool wants_head() const noexcept;
  /// Too much is unanswered: read no more from the client.
  bool saturated() const noexcept {
    return in_flight() >= protocol::limits::in_flight_max
           || outstanding_.bytes() >= submitted_bytes_max;
  }
  /// Submissions and requests that wait for an answer; a status request counts
  /// once for each user that it names.
  std::size_t in_flight() const noexcept {
    return collected_count_ + outstanding_.size();
  }
  /// Requests that wait for an answer.
  std::size_t requests() const noexcept { return outstanding_.requests(); }
  /// Submissions that came since this was asked: each is answered, whatever
  /// becomes of it.
  std::uint64_t take_submissions() noexcept {
    return std::exchange(submissions_, 0);
  }

private:
  /// What is kept of unanswered submissions, before no more are read.
  static constexpr std::size_t submitted_bytes_max = 1024 * 1024;
  /// A list of submissions, once it has this many, is followed by another one.
  static constexpr std::size_t list_bytes_max = 256 * 1024;

  struct collecting {
    submit_list what;
    std::size_t bytes = 0;
  };

  void on(const protocol::hello& x);
  void on(const protocol::auth& x);
  void on(const protocol::sync& x);
  void on(const protocol::ack& x);
  void on(const protocol::send& x);
  void on(const protocol::batch& x);
  void on(const protocol::group_create& x);
  void on(const protocol::group_add& x);
  void on(const protocol::group_remove& x);
  void on(const protocol::group_leave& x);
  void on(const protocol::history& x);
  void on(const protocol::status& x);
  void on(const protocol::conversations& x);
  void on(const protocol::roster& x);
  void on(const protocol::devices& x);
  void on(const protocol::device_remove& x);
  void on(const protocol::ping& x);
  void on(const protocol::pong& x);

  template <class Frame>
  void ask_for(const Frame& x);
  void submit_one(conversation_id to, submission what);
  void acknowledge(inbox_offset upto);
  /// Says that it may be sent again after `wait`.
  void refuse_for(nanoseconds wait, const submission& what);
  conversation_id target_of(const protocol::send& x) const;
  void fatal(errc code, std::string text, std::uint32_t retry_after_ms = 0);
  void close();
  void say(const protocol::server_frame& what) { say(what, {}); }
  void say(const protocol::server_frame& what, std::string_view trace) override;
  void ask(outstanding::command what) override;
  void enter(session_state next);
  void set_deadline();

  const session_options& options_;
  sink& out_;
  const node_id node_;

  session_state state_ = session_state::connected;
  timestamp wall_;
  nanoseconds now_{0};
  nanoseconds entered_{0};
  nanoseconds heard_{0};
  nanoseconds said_{0};
  nanoseconds deadline_{0};

  user_id user_;
  device_id device_;
  timestamp expires_;

  inbox_offset pushed_; ///< of this sync
  inbox_offset sent_;   ///< of any
  inbox_offset acked_;  ///< of this sync; for the window
  inbox_offset cursor_; ///< of the device: what it ever acknowledged
  inbox_offset floor_;
  inbox_offset head_;
  std::uint64_t syncs_ = 0;
  /// The head when this sync was seen by the inbox: then it is live.
  std::optional<inbox_offset> sync_target_;
  std::uint32_t window_ = 0;

  std::uint64_t submissions_ = 0;
  outstanding outstanding_;
  rate_limit sends_;
  /// Submissions received since the last flush, by conversation.
  std::vector<collecting> collected_;
  std::size_t collected_count_ = 0;
};

} // namespace iris::actors
