#pragma once

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "cluster/comparison.hpp"
#include "cluster/image_copy.hpp"
#include "cluster/raft/core.hpp"
#include "cluster/relocation.hpp"
#include "cluster/replica_check.hpp"
#include "cluster/shard_mail.hpp"
#include "persistence/log_store.hpp"
#include "persistence/state_writer.hpp"
#include "persistence/writers.hpp"
#include "persistence/writes.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace iris::cluster {

/// A committed configuration: no later one is of an older revision.
struct group_servers {
  std::uint64_t index = 0; ///< of its entry
  raft::configuration servers;
  std::uint64_t revision = 0; ///< of the placement that it was made for

  bool operator==(const group_servers&) const = default;
};

/// One replica of a Raft group, and the way durable actors write and read.
///
///   stage ─→ open batch ─→ log writer ─→ commit ─→ waiters, state writer
///                │(one in flight)          ↑           └─→ readers
///                └─→ mail ─→ other replicas ┘
///
/// Owned by its shard actor; everything runs on `home`, and nothing blocks.
/// Invariants:
/// 1. At most one entry of its own is in flight, besides a mark, and one more
///    before a change of its group; what is staged meanwhile is the next.
/// 2. Waiters of an entry run after it is committed, in the order they staged.
/// 3. A read sees everything that was committed when it was asked for, or
///    everything that was staged.
/// 4. The first failed write stops the shard for good; nobody is answered.
/// 5. No entry is proposed while more than `unapplied_bytes_max` is committed
///    and not applied: who waits for the commit is slowed down to the speed
///    of the state store, whose writes LevelDB holds up while it compacts.
/// 6. Nothing is applied that isn't durable in this node's own log.
/// 7. While its state is being copied from another replica it takes no part in
///    consensus: whatever it said before counts by its log, which it keeps; or,
///    if that is lost, by the image, which is of a later term (adr/0010).
class shard {
public:
  static constexpr std::size_t unapplied_bytes_max = 2 * 1024 * 1024;

  struct parts {
    shard_id id;
    node_id self;
    persistence::log_writer& log;
    persistence::state_writer& writer;
    const persistence::state_store& state;
    executor& home;
    executor& readers;
    const clock& time;
    shard_mail& mail;
    /// The first voters of a new group: the same list on each of them. Who is
    /// none of them and has an empty log waits until a leader adds it.
    std::vector<node_id> voters;
    raft::options timing = {};
    std::uint64_t seed = 0;
    /// What a cut leaves of the log, for followers that are not far behind.
    std::size_t trailing_bytes = 1024 * 1024;
    /// The same where it leads and a replica has not said that it has more.
    std::size_t lagging_bytes = 0;
    /// Entries from one comparison of the replicas to the next.
    std::uint64_t checkpoint_every = 256;
    /// How long it leads, at least, before it hands leadership to whom it is
    /// wanted at.
    std::chrono::milliseconds rest{10'000};
  };

  struct events {
    /// This replica leads and has applied all that was committed before: call
    /// `lead` once nobody is left who wrote under an earlier leadership.
    std::function<void()> on_leading = {};
    /// It leads no more; whoever waits is forgotten.
    std::function<void()> on_following = {};
    /// Another leads, or nobody that this replica knows.
    std::function<void(std::optional<node_id>)> on_leader = {};
    /// Its state has to be copied, or has been: load both stores again, and
    /// start.
    std::function<void()> on_reload = {};
    /// Whether it is not to be counted on, as it is until it says so: it knows
    /// no leader, or has yet to apply what was committed when it heard of one,
    /// or when it lacked some of that.
    std::function<void(bool)> on_behind = {};
    /// What a committed configuration says: at the start, and with each new
    /// one.
    std::function<void(const group_servers&)> on_servers = {};
    /// The state store has everything up to here: at the start, and whenever
    /// it has more.
    std::function<void(std::uint64_t)> on_applied = {};
    /// Its state is not what a majority has at this entry: it is copied anew.
    std::function<void(std::uint64_t)> on_differs = {};
    /// It can't go on; the error says why.
    std::function<void(const error&)> on_stopped = {};
    /// An entry was committed, so long after the first of its writes was
    /// staged.
    std::function<void(std::chrono::nanoseconds)> on_committed = {};
  };

  /// What the stores hold of a shard.
  struct stored {
    persistence::loaded_log log;
    persistence::applied_point applied;
    bool incomplete = false; ///< see state_store
  };

  shard(parts with, events tell);

  /// Goes on from what the stores hold.
  void start(stored from);

  /// Takes writes from now on, if it still leads: see on_leading.
  void lead();
  bool leading() const noexcept { return leading_; }
  /// Who leads, if this replica knows. One that has stopped only knows who has
  /// said so of late.
  std::optional<node_id> leader() const;

  /// What is staged or committed but not applied. Staging always works, for
  /// what was decided is never refused: take less on while this is much.
  std::size_t pending_bytes() const noexcept {
    return unapplied_bytes_ + in_flight_bytes_ + open_.size();
  }

  /// The link to this node broke. If it led, others do soon.
  void lost(node_id peer);
  /// There is a link to another node. If nobody leads, somebody does soon.
  void found();

  /// Grows with each leadership of the group. 0: it doesn't take part.
  std::uint64_t term() const { return core_ ? core_->state().term : 0; }

  /// Entries that are committed, as far as it has heard, and not applied.
  std::uint64_t lag() const noexcept {
    return std::max(core_ ? core_->known_committed() : 0, handed_)
           - applied_.index;
  }

  /// Who waits for a write. Once this has stopped or leads no more, nobody is
  /// called any more.
  struct waiter {
    /// May be empty. Nothing that any shard of this node stages from now on
    /// becomes durable without it. On a node without peers that is when the
    /// log was handed it, for one log serves all shards in order; else, when it
    /// is committed.
    task logged;
    /// It is committed.
    task committed;
  };

  /// Adds the writes to the next entry; forgets them unless it leads.
  void stage(const persistence::writes& what, waiter who);

  /// The index of the entry that holds what is staged now. It grows, whoever
  /// leads; 0: this replica doesn't.
  std::uint64_t next_entry() const {
    return leading_ ? core_->last_index() + 1 : 0;
  }

  /// Runs `what` once it is certain that nobody has committed anything behind
  /// this replica's back before it was asked (Raft paper, section 8): whatever
  /// is told of the state is told then. With one voter that is now; else it
  /// takes an entry, though maybe an empty one. Forgets it unless it leads.
  void confirm(task what);
  /// Whether it leads and no other could, so that `confirm` takes no time.
  bool alone() const { return leading_ && core_->lone_voter(); }

  /// Runs `work` on the readers' executor, see invariant 3.
  void read(std::function<void(const persistence::state_store&)> work);

  /// The same with all that is staged, by whomever: an actor that failed may
  /// have left writes on their way, which the next one of its name has to see.
  void read_staged(std::function<void(const persistence::state_store&)> work);

  /// Where this group is wanted. While it leads, this replica changes the
  /// group towards that, step by step: see next_step. All replicas are told.
  void place(const placement& wanted);
  /// Leadership goes to another voter as soon as one can take it, and
  /// on_following is called: before this process ends. Not if it is alone.
  void hand_over();

  /// What is known of the comparison with this number, of all that the replicas
  /// hold, which it begins if it is a new one: ask again until it is over. Who
  /// is different from a majority is made anew. Fails with not_leader, and with
  /// unavailable while somebody asks for another.
  result<comparison> compare_all(std::uint64_t number);

  /// Makes its state anew from another replica's, as if it differed. Fails with
  /// unavailable, and changes nothing, where no other is known to have it.
  result<void> rebuild();

  /// What another replica said.
  void receive(raft::message what);
  void receive(node_id from, const image_message& what);

  /// Ends it as a failed write does: whoever waits is forgotten, and it only
  /// tells who leads elsewhere.
  void stop(error why);

  /// Ends it: whoever waits is forgotten, and nobody is called any more.
  void close();

  const parts& with() const noexcept { return parts_; }

private:
  /// Those who wait for an entry of this leadership.
  struct proposal {
    std::uint64_t index = 0;
    std::vector<waiter> waiters;
    std::chrono::nanoseconds staged_at{0};
  };

  struct parked_read {
    std::uint64_t index = 0;
    std::function<void(const persistence::state_store&)> work;
  };

  using outcome = persistence::state_writer::outcome;

  template <class F, class... Ts>
  static void tell(const F& whom, const Ts&... what) {
    if (whom)
      whom(what...);
  }

  void join(persistence::loaded_log log);
  void take(result<raft::update> what, pace answers = pace::soon);
  void persist(raft::update& what);
  void on_role();
  void lead_by(std::optional<node_id> leader);
  void fall_behind(std::uint64_t than);
  void say_behind();
  void step_down();
  void submit_open();
  void submit(raft::entry_type type, std::string payload,
              std::vector<waiter> waiters);
  void flush();
  void commit();
  void apply(std::uint64_t index);
  void applied(const result<outcome>& what);
  void note_configuration(std::uint64_t index,
                          const persistence::log_entry& entry);
  placed_configuration configuration_at(std::uint64_t index) const;
  void cut_log();
  void compare();
  void hash_behind(std::uint64_t index,
                   persistence::state_writer::entry& entry);
  void say(const image_has& what);
  void judge(node_id who, const image_has& what);
  void correct(const image_differs& what, std::optional<node_id> from);
  void on_ask(node_id from, const image_ask& what);
  void on_lacks(const image_lacks& what);
  void on_renew(const image_renew& what);
  std::vector<node_id> voters() const;
  comparison findings() const;
  replica_check& check_of(compared what) {
    return what == compared::held ? held_ : check_;
  }
  void make_incomplete(std::optional<node_id> from);
  void copy(persistence::loaded_log log);
  void on_restored(const persistence::applied_point& at,
                   const placed_configuration& in_force);
  void begin_log_at(const persistence::applied_point& at,
                    const placed_configuration& in_force);
  void read_at(std::uint64_t index,
               std::function<void(const persistence::state_store&)> work);
  std::chrono::nanoseconds turn_without(node_id lost);
  void arm();
  void steer();
  void steer_later(std::chrono::milliseconds delay);
  group_view view() const;
  bool carry_out(const relocation_step& what);
  relocation_step restate(relocation_step next) const;
  std::uint64_t revision() const;
  void tell_servers(const placed_configuration& what);
  void offer_copy(const raft::message& what);
  void overhear(const raft::message& what);
  void forget_waiters();

  /// Calls back only during this life: not after it has stopped, nor after it
  /// has started again.
  template <class F>
  auto guarded(F what) {
    return [alive = std::weak_ptr<bool>{alive_}, what](const auto&... xs) {
      if (auto still = alive.lock(); still && *still)
        what(xs...);
    };
  }

  const parts parts_;
  const events tell_;
  random_source random_;
  /// None while its state is incomplete, or before it has started.
  std::optional<raft::core> core_;
  /// False once stopped.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  /// By an error; then it only watches who leads.
  bool failed_ = false;
  std::uint64_t overheard_ = 0; ///< the term of whom it last saw lead
  std::chrono::nanoseconds overheard_at_{0};

  /// What the next entry will hold, and who waits for it.
  std::string open_;
  std::vector<waiter> open_waiters_;
  std::chrono::nanoseconds open_since_{0};
  bool flush_scheduled_ = false;

  std::deque<proposal> proposals_;
  std::size_t in_flight_bytes_ = 0;
  /// Up to here entries went to the state writer; committed is the same.
  std::uint64_t handed_ = 0;
  std::size_t unapplied_bytes_ = 0;
  persistence::applied_point applied_;
  std::deque<parked_read> reads_;

  /// The barrier of this leadership: once applied, this replica leads.
  std::uint64_t barrier_ = 0;
  bool ready_ = false;   ///< on_leading was called
  bool leading_ = false; ///< and `lead`
  std::optional<node_id> leader_;
  std::uint64_t behind_until_ = 0; ///< this is applied
  bool behind_ = true;             ///< as was said

  /// In force from the log's floor on, by the index of their entries.
  std::deque<placed_configuration> configurations_;
  bool cutting_ = false;
  std::chrono::nanoseconds armed_{0};

  /// Where it is wanted, and what the leader does about it.
  placement wanted_;
  bool leaving_ = false;
  bool steering_ = false;   ///< a look at it is to come
  std::uint64_t turns_ = 0; ///< the last one alone counts
  std::chrono::nanoseconds rested_at_{0};
  std::optional<node_id> tried_;

  replica_check check_;
  /// The same of all that is held.
  replica_check held_{1};
  /// As a leader: a comparison, and when somebody asked for it last.
  std::optional<comparison_book> book_;
  std::chrono::nanoseconds asked_at_{0};
  bool mark_wanted_ = false;
  /// What it holds behind the last mark, or of which it is being read.
  image_has holds_{{}, compared::held};
  std::shared_ptr<void> hashing_;
  image_source source_;
  std::optional<image_copy> copy_;
  /// What the log holds, while the state is being copied.
  persistence::loaded_log copied_log_;
  /// When a leader was last heard meanwhile.
  std::chrono::nanoseconds copy_led_{0};
  /// Who sent this replica the news that it is too far behind.
  std::optional<node_id> copy_from_;
};

} // namespace iris::cluster
