#pragma once

#include "base/ids.hpp"
#include "base/result.hpp"
#include "cluster/raft/configuration.hpp"
#include "cluster/raft/entry_type.hpp"
#include "cluster/raft/log_tail.hpp"
#include "cluster/raft/messages.hpp"
#include "cluster/raft/outbox.hpp"
#include "persistence/log_store.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

struct iris_raft;
struct iris_raft_message;
struct iris_raft_update;

/// Consensus: events in, updates out, no I/O. Nothing of the library behind it
/// shows here; the rules that make it safe are kept in this folder, and
/// docs/adr/0010 numbers them.
namespace iris::cluster::raft {

enum class role { follower, candidate, leader };

struct options {
  /// Without a leader's word for this long, up to twice, an election begins; a
  /// leader that hears no majority for this long steps down.
  std::chrono::milliseconds election_timeout{1000};
  /// A tick beats whom the leader has said nothing to for this long.
  std::chrono::milliseconds heartbeat{150};
  /// How long until a follower that needs the state is told again.
  std::chrono::milliseconds install_timeout{5000};
  /// Entries on their way to one follower.
  unsigned inflight_entries_max = 256;
  /// Payload of one message, unless a single entry is larger.
  std::size_t append_bytes_max = 1024 * 1024;
};

/// What has to happen after an event.
struct update {
  /// Make it durable (its `shard` is for the caller to set), then call
  /// `persisted(ticket)`. Changes of a group go to the disk in the order in
  /// which they came; a failed write ends the group.
  std::optional<persistence::log_change> change;
  std::uint64_t ticket = 0;
  /// May leave now. Whatever has to wait for a durable term, vote or entry is
  /// held back inside, and comes with the update of a later `persisted`.
  std::vector<message> messages;
  bool commit = false; ///< commit_index() moved
  bool role = false;   ///< role(), leader() or the term changed
  /// The leader `peer` has cut its log behind what this replica has. The core
  /// takes no further event: fetch the state at `floor` or later, then start a
  /// new core, see `installed`.
  std::optional<message> install;
};

/// One Raft group's replica (Ongaro, Ousterhout: "In Search of an
/// Understandable Consensus Algorithm", 2014; Ongaro: "Consensus: Bridging
/// Theory and Practice", 2014). One thread at a time. After an error the
/// instance must not be used any more, but where it says otherwise.
///
/// A replica that needs the leader's state leaves consensus, fetches it, and
/// comes back as one that was down for a while. That is safe: its votes and
/// acknowledgements stand for its durable term, vote and log only, and those
/// stay until the state is durable. Then entries up to the fetched index, all
/// committed, are replaced by the state; an entry behind it is kept if the log
/// holds the one at that index with its term, and else can't have been
/// committed (Log Matching). The message is only a reason to ask: late, double
/// or from a deposed leader, it makes a replica fetch in vain and nothing else.
class core {
public:
  core(node_id self, std::uint64_t seed, options with = {});
  ~core();

  /// What a new group begins with, the same on each of its first servers. Make
  /// it durable, then load.
  static persistence::log_change bootstrap(shard_id shard,
                                           const configuration& first);

  /// What makes the fetched state the log's beginning: `now` is what the log
  /// holds, with nothing on its way to it. The state itself is durable before.
  static persistence::log_change installed(shard_id shard,
                                           const persistence::loaded_log& now,
                                           persistence::log_floor fetched);

  /// Fails with corrupt if these are not one log, or its term another's.
  static result<void> check(const persistence::loaded_log& log);

  /// If this node is the only voter: the term and vote that must be durable
  /// before `start` (it elects itself, and a term is never used twice).
  static std::optional<persistence::hard_state>
  before_start(node_id self, const persistence::loaded_log& log);

  /// Precondition: what `before_start` asked for is in `log` and durable. An
  /// empty log is that of a replica that is new to its group. Fails with
  /// corrupt when the log is not one.
  result<update> start(std::chrono::nanoseconds now,
                       persistence::loaded_log log);

  /// Precondition: `what` is as wire.hpp decodes it.
  result<update> receive(std::chrono::nanoseconds now, message what);

  /// Call at `deadline`, or later.
  result<update> tick(std::chrono::nanoseconds now);

  /// max() for a lone voter, which needs none.
  std::chrono::nanoseconds deadline() const;

  /// The change with this ticket is durable. Each once, in order.
  result<update> persisted(std::chrono::nanoseconds now, std::uint64_t ticket);

  /// Appends a command or a barrier; it will be at last_index(). Fails with
  /// not_leader, also while leadership is handed over; the core goes on.
  result<update> submit(std::chrono::nanoseconds now, entry_type type,
                        std::shared_ptr<const std::string> payload);

  /// Proposes a configuration that differs from servers() in one server at most
  /// (thesis, section 4.1), for a placement of this revision; it is in force at
  /// once. Fails, and the core goes on, with not_leader; bad_field if it is not
  /// such a one; unavailable while
  /// another change is not committed or somebody catches up, before an entry
  /// of this term has committed, when a server that has not caught up would be
  /// a voter, and when this leader would not be one: hand over first.
  result<update> change(std::chrono::nanoseconds now, const configuration& next,
                        std::uint64_t revision);
  /// Whether nothing is under way that a change would have to wait for.
  bool may_change() const { return static_cast<bool>(check_idle()); }

  /// Begins to bring up a server that is no voter (thesis, section 4.2.1); one
  /// at a time. It ends with `caught_up`, or after some seconds without. Fails
  /// with not_leader, not_found, unavailable; the core goes on.
  result<update> catch_up(std::chrono::nanoseconds now, node_id who);
  bool caught_up(node_id who) const;

  /// The way to `peer` broke. If that is who led, an election begins at `then`
  /// and not an election timeout after its last word, and its silence need not
  /// be waited for to vote for others (the thesis, section 4.2.3, has servers
  /// wait so that one who was cut off disturbs nobody; here those who still
  /// hear the leader refuse). Its next word takes all that back.
  void doubt(std::chrono::nanoseconds now, node_id peer,
             std::chrono::nanoseconds then);

  /// Unless it leads or asks for votes, its next election begins at `then`, if
  /// not before. A leader's word takes that back.
  void stand(std::chrono::nanoseconds now, std::chrono::nanoseconds then);

  /// Hands leadership over (thesis, section 3.10) to this voter, 0: to any.
  /// Until then, for at most an election timeout, `submit` is refused. Fails
  /// with not_leader, not_found, unavailable; the core goes on.
  result<update> transfer(std::chrono::nanoseconds now, node_id to);
  bool transferring() const;

  /// As a leader: whether this peer said anything within an election timeout.
  bool heard(std::chrono::nanoseconds now, node_id who) const;
  /// As a leader: whether this server has all that is committed.
  bool abreast(node_id who) const;
  /// As a leader: up to where every server has the log, as far as it has said;
  /// else last_index().
  std::uint64_t had_by_all() const;

  /// Entries up to floor.index are in a durable state, so that those below
  /// keep_from, at most one behind it, may go. Precondition: floor.index is at
  /// most commit_index(). An older floor than before is ignored.
  result<update> compacted(std::chrono::nanoseconds now,
                           const persistence::log_floor& floor,
                           std::uint64_t keep_from);

  /// Entries up to `index`, which are applied, leave the memory, not the log.
  /// A peer that asks for one of them gets `install`.
  result<update> forget(std::chrono::nanoseconds now, std::uint64_t index);

  /// What is in memory. Precondition: first_index() <= index <= last_index().
  const persistence::log_entry& entry(std::uint64_t index) const {
    return tail_.at(index);
  }
  std::uint64_t first_index() const noexcept { return tail_.first_index(); }
  std::uint64_t last_index() const noexcept { return tail_.last_index(); }

  /// What may be applied: committed, and durable here. Never goes back.
  std::uint64_t commit_index() const noexcept { return commit_; }
  /// What is committed, as far as this replica has heard: more than it may
  /// apply while it lacks some.
  std::uint64_t known_committed() const noexcept {
    return std::max(commit_, leader_commit_);
  }
  persistence::hard_state state() const;
  raft::role role() const;
  /// None while there is none that this replica knows.
  std::optional<node_id> leader() const;
  /// The latest ones, committed or not; none in an empty log.
  configuration servers() const;
  /// The leader of a group of one server.
  bool lone_voter() const;

private:
  struct deleter {
    void operator()(iris_raft* raft) const;
  };

  struct standing {
    raft::role role = raft::role::follower;
    std::uint64_t term = 0;
    std::optional<node_id> leader;

    bool operator==(const standing&) const = default;
  };

  using entries_view = std::span<const persistence::log_entry>;

  // An event is: begin, steps of the library, finish.
  void begin(std::chrono::nanoseconds now);
  result<void> took(int status, const iris_raft_update& what,
                    entries_view given = {});
  result<update> finish();

  result<void> confirm_changes();
  result<void> confirm(std::uint64_t change);
  result<void> begin_term();
  result<void> put(entry_type type, std::shared_ptr<const std::string> payload);
  void stand_at(std::chrono::nanoseconds then);
  result<void> cut(std::uint64_t index, std::uint64_t keep_from);

  result<void> check_idle() const;
  result<void> may_change(const configuration& next) const;

  // Messages.
  bool outdated(const message& what) const;
  result<void> dispatch(message what);
  result<void> receive_append(message what);
  void drop_committed(message& what) const;
  result<void> confirm_before(const message& what, entries_view part);
  bool rejected() const;
  result<void> receive_install(message what);
  bool asks_non_voter(const message& what) const;
  result<void> give(const message& what, entries_view entries,
                    bool as_voter = false);
  void send(const iris_raft_message& what);
  void send_append(message what, std::uint64_t count);
  void send_result(message what);
  bool silent(node_id peer) const;

  persistence::log_change& change_of_update();
  void record(std::uint64_t first, entries_view entries);
  standing stands() const;
  std::uint64_t milliseconds() const;

  const node_id self_;
  const options options_;
  std::unique_ptr<iris_raft, deleter> raft_;
  log_tail tail_;
  outbox outbox_;

  std::chrono::nanoseconds now_{0};
  std::chrono::nanoseconds ticked_{0};
  /// The last word of a leader, and whether the way to it broke since.
  std::chrono::nanoseconds led_{0};
  bool doubted_ = false;
  std::uint64_t commit_ = 0;
  std::uint64_t leader_commit_ = 0; ///< as a leader last said

  /// As a leader: its term, the first entry of it, and when who was heard.
  std::uint64_t own_term_ = 0;
  std::uint64_t own_first_ = 0;
  std::chrono::nanoseconds leading_since_{0};
  std::map<node_id, std::chrono::nanoseconds> heard_;

  /// The event that is being worked on.
  update update_;
  std::vector<message> outgoing_;
  bool stale_ = false; ///< it is a message of an earlier term
  standing before_;
  raft::role role_ = raft::role::follower; ///< after the last step
};

} // namespace iris::cluster::raft
