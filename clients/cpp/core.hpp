#pragma once

#include "clients/cpp/endpoints.hpp"
#include "clients/cpp/events.hpp"
#include "clients/cpp/id_source.hpp"
#include "clients/cpp/inbox.hpp"
#include "clients/cpp/outbox.hpp"
#include "clients/cpp/requests.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace iris::client {

/// What a client asks of whoever runs it. Calls come from inside the core's
/// methods.
class sink {
public:
  virtual ~sink() = default;

  /// Connect; the answer is link_up() or link_down(), not from inside.
  virtual void connect(const std::string& endpoint) = 0;
  /// Send on the connection that is up.
  virtual void write(const protocol::client_frame& frame) = 0;
  /// End the connection or the attempt. Nothing is heard of it any more.
  virtual void close() = 0;
  /// May call the core's methods for users, and stop(). Never throws.
  virtual void handle(event what) = 0;
};

enum class state : std::uint8_t {
  idle,           ///< not started
  waiting,        ///< for the next attempt
  connecting,     ///< the transport is not there yet
  greeting,       ///< hello is out, welcome is not in
  authenticating, ///< auth is out, ready is not in
  open,
  draining, ///< the node stops: it answers what it has and takes no more
  stopped,  ///< by the user or for good
};

std::string_view to_string(state x) noexcept;

/// A client without socket, thread and clock: what happens goes in with the
/// time it happens at, frames and events come out. The same inputs and seed
/// give the same outputs. Not thread-safe.
///
/// Invariants:
/// 1. A submission that was taken gets exactly one `sent` or `failed`, unless
///    the client is stopped first. A request gets one answer or `refused`.
/// 2. `message` has each offset once, in order, over all connections.
/// 3. The node is never trusted: a frame that is wrong, not legal in this
///    state or an answer to nothing ends the connection.
class core {
public:
  using nanoseconds = std::chrono::nanoseconds;

  /// Precondition: endpoints, a device and a token callback.
  core(options with, sink& to, random_source random);
  core(const core&) = delete;
  core& operator=(const core&) = delete;

  // -- from whoever runs it ---------------------------------------------------

  /// Also after stop() and `stopped`: all that is queued goes on. `wall` is
  /// the machine's clock, good enough until the node's is known.
  void start(nanoseconds now, timestamp wall);
  /// Ends the connection. What is queued stays; what came and was not
  /// delivered is dropped, and comes again.
  void stop();

  void link_up(nanoseconds now);
  void link_down(error reason, nanoseconds now);
  /// One frame, without the length before it.
  void receive(std::string_view frame, nanoseconds now);
  void receive(protocol::server_frame frame, nanoseconds now);
  /// All that came together was received: one acknowledgement goes out.
  void flush(nanoseconds now);
  /// Call at next_deadline() or later.
  void tick(nanoseconds now);
  /// Max if time changes nothing. Moves with every call.
  nanoseconds next_deadline() const noexcept;

  // -- from the user ----------------------------------------------------------
  // Submissions fail with overloaded (the queue is full), no_connection (the
  // client is stopped), or what the node would say: bad_field,
  // body_too_large, frame_too_large. Else they give the id that `sent` or
  // `failed` will have.
  // Requests are the same with the `n` of the answer or `refused`.

  result<message_id> send(const user_id& to, std::string body, nanoseconds now);
  result<message_id> send(const conversation_id& to, std::string body,
                          nanoseconds now);
  /// `x.id` and `x.after` are filled in.
  result<message_id> send(protocol::send x, nanoseconds now);
  /// The conversation is group_conversation(we, id); `sent` has it too.
  result<message_id> create_group(std::string title,
                                  std::vector<user_id> members,
                                  nanoseconds now);
  result<message_id> add(const conversation_id& to, std::vector<user_id> users,
                         nanoseconds now);
  result<message_id> remove(const conversation_id& from,
                            std::vector<user_id> users, nanoseconds now);
  result<message_id> leave(const conversation_id& what, nanoseconds now);

  /// Any request; `n` is filled in.
  result<std::uint64_t> ask(request what, nanoseconds now);

  /// Without auto_ack: this and all before was processed. Told to the node at
  /// the next flush(). Fails with bad_field beyond position().
  result<void> ack(inbox_offset upto) { return inbox_.ack(upto); }

  // -- what it is like --------------------------------------------------------

  client::state state() const noexcept { return state_; }
  /// The last offset that was delivered. Save it, give it in the options of
  /// the next run, and nothing is delivered twice. If the options have none, it
  /// is not known, and 0, until the first connection.
  inbox_offset position() const noexcept { return inbox_.position(); }
  /// Empty until the first `connected`.
  const user_id& user() const noexcept { return user_; }
  /// Submissions without a final answer.
  std::size_t unanswered() const noexcept { return outbox_.size(); }
  /// Why what waits is not taken, for whoever gives up waiting: the node's
  /// last refusal that may pass. None once it lets us in or takes something.
  const error& refusal() const noexcept { return refusal_; }

private:
  void on(protocol::welcome&& x);
  void on(protocol::ready&& x);
  void on(protocol::items&& x);
  void on(protocol::live&& x);
  void on(protocol::sent&& x);
  void on(protocol::failed&& x);
  void on(protocol::goaway&& x);
  void on(protocol::ping&& x);
  void on(protocol::pong&& x);
  template <class Answer>
  void on(Answer&& x);

  bool linked() const noexcept;
  std::uint32_t on_wire() const noexcept;
  void enter(client::state next, nanoseconds now);
  void dial();
  void resume(const protocol::ready& x);
  void fail_submission(const protocol::failed& x);
  void fail_request(const protocol::failed& x);
  void end_by_node(const protocol::failed& x);
  void violated(error what);
  void close_and_lose(error reason, std::uint32_t retry_after_ms = 0);
  void lose(error reason, std::uint32_t retry_after_ms = 0);
  void forget_link();
  void halt(error reason);
  void drained();
  void tick_link();
  void expire_requests();
  static result<void> well_formed(const protocol::client_frame& x);
  template <class Change>
  result<message_id> change(Change x, nanoseconds now);
  result<message_id> submit(const message_id& id, protocol::client_frame what,
                            nanoseconds now);
  void pump();
  void write(const protocol::client_frame& frame);
  void emit(event what) { events_.push_back(std::move(what)); }
  void deliver();

  const options options_;
  sink& sink_;
  random_source random_;
  id_source ids_;
  inbox inbox_;
  outbox outbox_;
  requests requests_;
  backoff backoff_;
  endpoints endpoints_;
  std::string endpoint_; ///< of the connection, or the attempt at one

  client::state state_ = client::state::idle;
  user_id user_;
  /// Endpoints, one after the other, that weren't reached or let us go.
  std::size_t in_vain_ = 0;
  bool expired_once_ = false; ///< the token, and no `ready` since
  error refusal_;

  nanoseconds now_{0};
  nanoseconds entered_{0}; ///< the state
  nanoseconds retry_at_{0};
  nanoseconds ready_at_{0};   ///< this connection; max: it is not
  nanoseconds away_until_{0}; ///< from those that let us go
  nanoseconds heard_{0};
  nanoseconds said_{0};

  // Of this connection.
  std::uint32_t window_ = 0;
  std::uint32_t frame_max_ = 0;
  nanoseconds heartbeat_{0};
  std::uint64_t pings_ = 0;
  std::uint64_t pongs_ = 0;
  protocol::goaway goaway_;

  std::vector<event> events_;
  std::size_t next_event_ = 0;
  bool delivering_ = false;
};

} // namespace iris::client
