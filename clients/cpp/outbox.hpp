#pragma once

#include "clients/cpp/backoff.hpp"
#include "clients/cpp/options.hpp"
#include "protocol/frames.hpp"

#include <deque>
#include <list>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

namespace iris::client {

/// The submissions that have no final answer yet, a lane per conversation.
///
/// Invariants:
/// 1. A submission stays, with its id, until the node says `sent` or refuses
///    it for good.
/// 2. A lane goes out in the order it was filled. A send names the one before
///    it while that one is unanswered (M3); a change of a group, which can't
///    name any, waits until all before it are answered.
/// 3. A submission is on the wire at most once per connection at a time, so
///    that each answer has one meaning.
class outbox {
public:
  using nanoseconds = std::chrono::nanoseconds;

  outbox(const options& with, random_source& random)
    : options_(with), random_(random) {}
  outbox(const outbox&) = delete;
  outbox& operator=(const outbox&) = delete;

  /// Takes a submission whose fields keep to the protocol's limits. Fails with
  /// overloaded when full, frame_too_large when limit() says so. Nothing goes
  /// out before bind().
  result<void> push(const message_id& id, protocol::client_frame what);

  /// Who we are: it tells which conversation a send to a user goes to.
  void bind(const user_id& me);

  /// The node takes no larger frames. Gives up what is larger, and says what
  /// that was. Precondition: nothing is on the wire.
  std::vector<message_id> limit(std::uint32_t frame_bytes_max);

  /// Puts the next submission on the wire, or returns null if there is none
  /// for now. The frame is valid until the next call of any other method.
  const protocol::client_frame* next(nanoseconds now);

  /// Fails with bad_field if nothing on the wire has this answer.
  result<void> answered(const protocol::sent& x);
  /// What becomes of a submission that failed: refused for good, or to be sent
  /// again, maybe later. Fails like answered(). Precondition: x.id.
  struct verdict {
    bool final = false;
    /// That of its lane, if it just began to wait.
    std::optional<nanoseconds> pause;
  };
  result<verdict> failed(const protocol::failed& x, nanoseconds now);

  /// Lanes that waited after a refusal go on when their time has come.
  void release(nanoseconds now);

  /// What was on the wire has to be sent again.
  void disconnected();

  std::size_t size() const noexcept { return index_.size(); }
  std::size_t on_wire() const noexcept { return wire_.size(); }
  /// Something was on the wire for longer than the answer timeout.
  bool stuck(nanoseconds now) const noexcept;
  /// When release() has something to do, or stuck() holds. Max if never.
  nanoseconds deadline() const noexcept;

private:
  struct lane;

  struct entry {
    protocol::client_frame frame;
    message_id id;
    std::size_t bytes = 0;   ///< no less than the frame has
    std::uint64_t order = 0; ///< of submission
    lane* home = nullptr;    ///< null before bind()
    bool on_wire = false;
    std::uint64_t serial = 0; ///< of its latest way over the wire
    nanoseconds since{0};
    std::list<entry*>::iterator wire;
    /// It was refused because this transmission of the entry before it is not
    /// committed: no use in trying again until that changes.
    std::uint64_t refused_behind = 0;
  };
  using entries = std::list<entry>;

  struct lane {
    lane(const conversation_id& id, backoff with)
      : conversation(id), pause(with) {}
    lane(const lane&) = delete;
    lane& operator=(const lane&) = delete;

    conversation_id conversation;
    entries list; ///< in the order of submission
    /// The first that is not on the wire.
    entries::iterator next = list.end();
    backoff pause;
    bool held = false;   ///< in timers_
    bool queued = false; ///< in runnable_
  };

  conversation_id conversation_of(const entry& x) const;
  void enter_lane(entries::iterator x);
  bool may_send(const lane& x) const;
  void wake(lane& x);
  std::optional<nanoseconds> hold(lane& x, std::uint32_t retry_after_ms,
                                  nanoseconds now);
  void forget_if_empty(lane& x);
  void put_on_wire(lane& x, nanoseconds now);
  void take_off_wire(entries::iterator x);
  void remove(entries::iterator x);
  /// Finds what is on the wire under this id. bad_field.
  result<entries::iterator> find(const message_id& id) const;
  result<void> out_of_order(entries::iterator x);

  const options& options_;
  random_source& random_;
  user_id me_;
  std::uint64_t next_order_ = 0;
  std::uint64_t next_serial_ = 1;
  std::size_t bytes_ = 0;
  std::size_t frame_bytes_max_ = protocol::limits::frame_bytes_max;
  entries unbound_;
  std::unordered_map<conversation_id, lane> lanes_;
  std::unordered_map<message_id, entries::iterator> index_;
  std::list<entry*> wire_; ///< oldest first
  std::deque<lane*> runnable_;
  std::multimap<nanoseconds, lane*> timers_;
};

} // namespace iris::client
