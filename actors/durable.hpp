#pragma once

#include "actors/command_keys.hpp"
#include "actors/environment.hpp"
#include "actors/refusals.hpp"
#include "cluster/shard.hpp"

#include <functional>
#include <list>
#include <memory>
#include <utility>

namespace iris::actors {

/// How many commands an actor holds back while it waits for the store.
inline constexpr std::size_t parked_max = 1024;

/// How long a cursor may wait for company before it is stored.
inline constexpr std::chrono::seconds cursor_delay{1};

/// The mark of an actor that has work left, among the shard's own records.
std::string wake_key(shard_id shard, const persistence::actor_ref& who);
std::string wake_prefix(shard_id shard);
result<persistence::actor_ref> decode_wake(std::string_view key,
                                           shard_id shard);

/// What a durable actor is given when it is activated.
struct activation {
  persistence::actor_ref who;
  std::shared_ptr<cluster::shard> shard;
  shard_actor parent;
  const environment& env;
};

/// The shell of a durable actor: moves messages, stages what its machine
/// decides, and lets answers and effects go once that is committed.
///
/// Invariants:
/// 1. One command at a time: while it waits for the store, later ones queue.
/// 2. A release runs after everything staged before it is durable, in order.
/// 3. It writes only below its own prefix.
/// 4. Whoever waits for it when it ends is told, if what is begun names a way
///    (`dropped`); but for the command that made it fail, if one did.
template <class Interface>
class durable : public supervision::bounded<typename Interface::base> {
public:
  using super = supervision::bounded<typename Interface::base>;

  durable(caf::actor_config& config, activation with)
    : super(config), shard_(std::move(with.shard)),
      parent_(std::move(with.parent)), env_(with.env),
      keys_(shard_->with().id, with.who) {
    this->mailbox_state().bound = env_.mailbox_max;
    this->set_exception_handler(
      [this](std::exception_ptr& why) { return to_exit(why, command_); });
  }

protected:
  const environment& env() const noexcept { return env_; }
  const keyring& keys() const noexcept { return keys_; }
  /// Seldom needed, and its keys have it already.
  persistence::actor_ref who() const {
    return *persistence::owner_of(keys_.prefix());
  }

  std::uint16_t shards() const noexcept { return env().routes.shards(); }
  timestamp now() const { return env().time.wall_now(); }

  /// Stages `what`; `release` runs once it, and all before it, is durable, or
  /// `dropped` if the actor ends before that.
  void commit(const persistence::writes& what, task release,
              task dropped = {}) {
    IRIS_ASSERT(what.only_below(keys_.prefix()));
    stage(what, {0, std::move(release), std::move(dropped)});
  }

  /// Marks the actor as having work left, so that it is activated after a
  /// restart, or takes the mark away, together with `what`. `logged` runs in
  /// the shard, not here: see cluster::shard::waiter.
  void commit(persistence::writes what, bool has_work, task release,
              task logged = {}, task dropped = {}) {
    IRIS_ASSERT(what.only_below(keys_.prefix()));
    if (has_work != marked_) {
      auto key = wake_key_of_this();
      has_work ? what.put(key, {}) : what.erase(key);
      marked_ = has_work;
    }
    stage(what, {0, std::move(release), std::move(dropped)}, std::move(logged));
  }

  /// Runs `then` once all that is staged is durable.
  void when_durable(task then, task dropped = {}) {
    stage({}, {0, std::move(then), std::move(dropped)});
  }

  /// The same once it is certain, too, that this replica led when this was
  /// called. The state in memory is ahead of the log, and behind that of a
  /// leader that was chosen since: whatever is told of it leaves by this.
  void when_certain(task then, task dropped = {}) {
    if (shard_->alone())
      return when_durable(std::move(then), std::move(dropped));
    shard_->confirm(
      [self = caf::actor_cast<Interface>(this), ticket = ++staged_] {
        caf::anon_send(self, committed{ticket});
      });
    releases_.push_back({staged_, std::move(then), std::move(dropped)});
  }

  /// For what a request asked: a leader that comes next may know.
  template <class Request>
  static task refusal_of(const Request& what) {
    return [what] { refuse(what, ended()); };
  }

  static error ended() {
    return {errc::not_leader, "who should answer this has ended", 100};
  }

  template <class Request, class Frame>
  void answer(const Request& what, Frame with) {
    when_certain(
      [to = what.reply_to, out = answered{what.tag, std::move(with), {}}] {
        caf::anon_send(to, out);
      },
      refusal_of(what));
  }

  /// Refuses what the state does not allow. What has nothing to do with that
  /// is refused at once.
  template <class Request>
  void decline(const Request& what, const error& why) {
    when_certain([what, why] { refuse(what, why); }, refusal_of(what));
  }

  bool marked() const noexcept { return marked_; }
  /// The mark was found in the store.
  void was_marked() noexcept { marked_ = true; }
  std::string wake_key_of_this() const {
    return wake_key(shard_->with().id, who());
  }
  bool all_durable() const noexcept { return durable_ == staged_; }

  /// The log's entry that holds what is staged next.
  std::uint64_t next_entry() const { return shard_->next_entry(); }

  /// Runs `work` on a reader's thread, on a store that has everything
  /// committed so far, and `then` with its result in this actor, or `dropped`
  /// if it ends before that.
  template <class Work, class Then>
  void read(Work work, Then then, task dropped = {}) {
    shard_->read(work_of(std::move(work), std::move(then), std::move(dropped)));
  }

  /// Same, on a store that also has everything staged so far, by this actor or
  /// one of its name that failed; no other command runs before `then` has.
  template <class Work, class Then>
  void read_alone(Work work, Then then, task dropped = {}) {
    shard_->read_staged(
      work_of(std::move(work), alone(then), std::move(dropped)));
  }

  /// The same on a store that has everything committed: it waits for no disk.
  template <class Work, class Then>
  void read_committed_alone(Work work, Then then) {
    shard_->read(work_of(std::move(work), alone(then), {}));
  }

  /// Runs `handle(what)` now, or after the command that waits for the store,
  /// unless `most` wait for that already.
  template <class Message, class Handler>
  void when_ready(Message& what, Handler handle,
                  std::size_t most = parked_max) {
    ++handled_;
    if (busy_ == 0)
      return carry_out(key_of(what), [&] { handle(what); });
    if (parked_.size() >= most)
      return refuse(what, {errc::overloaded,
                           "this actor waits for its store: try again", 100});
    auto held = std::make_shared<Message>(std::move(what));
    parked_.push_back({[this, handle, held] {
                         carry_out(key_of(*held), [&] { handle(*held); });
                       },
                       [held] { refuse(*held, ended()); }});
  }

  /// For what asks nothing of the machine that a look at the store changes.
  template <class Message, class Handler>
  void at_once(Message& what, Handler handle) {
    ++handled_;
    carry_out(key_of(what), [&] { handle(what); });
  }

  void on_committed(const committed& what) {
    durable_ = what.ticket;
    while (!releases_.empty() && releases_.front().ticket <= durable_) {
      auto release = std::move(releases_.front().release);
      releases_.pop_front();
      release();
    }
  }

  /// Nothing is under way: it could be put to rest.
  bool quiet() const noexcept {
    return busy_ == 0 && parked_.empty() && all_durable() && !marked_;
  }

  void answer_rest_query(const rest_query& what, bool resting_now) {
    if (resting_now && what.forwarded == handled_)
      rest();
  }

  /// Ends, unless something comes meanwhile. Precondition: nothing is lost.
  void rest() { caf::anon_send(parent_, resting{who(), handled_}); }

  /// A `tick` after `delay`, unless one is already on its way.
  void tick_after(std::chrono::milliseconds delay) {
    if (std::exchange(ticking_, true))
      return;
    this->home().after(delay, [weak = caf::weak_actor_ptr{this->ctrl()}] {
      if (auto self = weak.lock())
        caf::anon_send(caf::actor_cast<Interface>(self), tick{});
    });
  }

  void ticked() noexcept { ticking_ = false; }

  /// A fault of the store ends the actor; its shard stops by itself.
  template <class T>
  const T& expect(const result<T>& what) {
    if (!what)
      throw std::runtime_error(to_string(what.failure()));
    return *what;
  }

  void bounce(caf::mailbox_element& what) override {
    // Its shard has counted it. Only that sends commands, and on this unit.
    ++handled_;
    env().metrics.mailbox_rejected.with(this->name()).add();
    refuse_any(what.content(),
               {errc::overloaded, "the mailbox is full: try again", 100});
  }

  bool control(const caf::type_erased_tuple& what) const noexcept override {
    return what.match_elements<committed>() || what.match_elements<loaded>()
           || what.match_elements<rest_query>() || what.match_elements<tick>();
  }

  void on_exit() override {
    for (auto& x : std::exchange(releases_, {}))
      if (x.dropped)
        x.dropped();
    for (auto& x : std::exchange(reading_, {}))
      if (x)
        x();
    for (auto& x : std::exchange(parked_, {}))
      x.refuse();
  }

private:
  /// What runs once a ticket is durable, or if that never happens here.
  struct held_back {
    std::uint64_t ticket = 0;
    task release;
    task dropped;
  };

  struct parked_command {
    task run;
    task refuse;
  };

  /// No other command runs before `then` has.
  template <class Then>
  auto alone(Then then) {
    ++busy_;
    return [this, then](const auto& found) {
      --busy_;
      then(found);
      run_parked();
    };
  }

  template <class Work, class Then>
  auto work_of(Work work, Then then, task dropped) {
    reading_.push_back(std::move(dropped));
    return [this, self = caf::actor_cast<Interface>(this),
            work = std::move(work), then = std::move(then), what = command_,
            which = std::prev(reading_.end())](
             const persistence::state_store& store) {
      auto found = work(store);
      caf::anon_send(self, loaded{[this, then, found, what, which] {
                       reading_.erase(which);
                       carry_out(what, [&] { then(found); });
                     }});
    };
  }

  /// What fails in `work` is the fault of this command.
  template <class Work>
  void carry_out(command_key what, Work work) {
    command_ = what;
    work();
    command_ = no_command;
  }

  void stage(const persistence::writes& what, held_back then,
             task logged = {}) {
    if (!what.empty()) {
      auto tell = [self = caf::actor_cast<Interface>(this),
                   ticket = ++staged_] {
        caf::anon_send(self, committed{ticket});
      };
      shard_->stage(what, {std::move(logged), std::move(tell)});
    } else if (all_durable()) {
      return then.release();
    }
    then.ticket = staged_;
    releases_.push_back(std::move(then));
  }

  void run_parked() {
    while (busy_ == 0 && !parked_.empty()) {
      auto next = std::move(parked_.front().run);
      parked_.pop_front();
      next();
    }
  }

  const std::shared_ptr<cluster::shard> shard_;
  const shard_actor parent_;
  const environment& env_;
  const keyring keys_;
  std::uint64_t staged_ = 0;
  std::uint64_t durable_ = 0;
  // Lists, because most actors are idle and an empty deque takes 600 bytes.
  std::list<held_back> releases_;
  /// Of what is being read: what runs if it comes too late.
  std::list<task> reading_;
  int busy_ = 0;
  command_key command_ = no_command; ///< that is being carried out
  std::list<parked_command> parked_;
  std::uint64_t handled_ = 0;
  bool marked_ = false;
  bool ticking_ = false;
};

} // namespace iris::actors
