#pragma once

#include "base/executor.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <cstdint>

/// Everything that CAF 1.x spells differently.
namespace iris::supervision {

/// The thread (or, in the simulation, the scheduler) that a set of actors
/// lives on. Actors of one unit never run at the same time, so they share its
/// objects without locks, and a message between them wakes nobody.
class unit : public caf::execution_unit, public executor {
public:
  explicit unit(caf::actor_system& system) : caf::execution_unit(&system) {}

  /// Any thread. Takes over one reference to `what`.
  void exec_later(caf::resumable* what) override = 0;

protected:
  /// Lets `what` handle some messages. On the unit's own thread.
  void resume(caf::resumable* what) {
    switch (what->resume(this, messages_per_turn)) {
    case caf::resumable::resume_later:
      exec_later(what);
      break;
    case caf::resumable::shutdown_execution_unit:
    case caf::resumable::done:
    case caf::resumable::awaiting_message:
      caf::intrusive_ptr_release(what);
    }
  }

private:
  /// Enough to amortise a turn, few enough for the neighbours.
  static constexpr std::size_t messages_per_turn = 64;
};

/// What the live tree shows of one mailbox. Any thread.
struct mailbox_gauge {
  std::atomic<std::uint32_t> depth{0};
  std::atomic<std::uint32_t> bound{1024};
  std::atomic<std::uint64_t> rejected{0};
};

/// An actor that stays on the unit it was spawned on, with a bounded mailbox.
/// Counted are ordinary messages; what supervision needs always fits. A
/// message too many is answered with sec::mailbox_full... by `bounce`.
///
/// CAF calls `on_exit` also when the last reference to an actor that has not
/// ended goes away. Only anonymous messages are safe there: any other one
/// refers to its sender, which is being destroyed.
template <class Base>
class bounded : public Base {
public:
  template <class... Ts>
  explicit bounded(caf::actor_config& config, Ts&&... xs)
    : Base(config, std::forward<Ts>(xs)...),
      home_(static_cast<unit*>(config.host)) {
    // nop
  }

  using Base::enqueue;

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    if (!counted(*what))
      return Base::enqueue(std::move(what), home_);
    auto depth = mailbox_.depth.fetch_add(1, std::memory_order_relaxed);
    if (depth < mailbox_.bound.load(std::memory_order_relaxed))
      return Base::enqueue(std::move(what), home_);
    mailbox_.depth.fetch_sub(1, std::memory_order_relaxed);
    mailbox_.rejected.fetch_add(1, std::memory_order_relaxed);
    bounce(*what);
  }

  unit& home() const noexcept { return *home_; }
  mailbox_gauge& mailbox_state() noexcept { return mailbox_; }

protected:
  /// Answers a message that found no room, on the sender's thread.
  virtual void bounce(caf::mailbox_element& what) = 0;

  /// Messages from an actor's own subsystem, which are bounded elsewhere.
  virtual bool control(const caf::type_erased_tuple&) const noexcept {
    return false;
  }

  caf::invoke_message_result consume(caf::mailbox_element& what) override {
    // Before the handler runs, for it may move the content out.
    auto leaves = counted(what);
    auto outcome = Base::consume(what);
    if (leaves && outcome != caf::invoke_message_result::skipped)
      mailbox_.depth.fetch_sub(1, std::memory_order_relaxed);
    return outcome;
  }

private:
  bool counted(const caf::mailbox_element& what) const noexcept {
    if (what.mid.is_response() || !what.mid.is_normal_message())
      return false;
    const auto& content = what.content();
    switch (content.type_token()) {
    case caf::make_type_token<caf::exit_msg>():
    case caf::make_type_token<caf::down_msg>():
    case caf::make_type_token<caf::timeout_msg>():
    case caf::make_type_token<caf::error>():
      return false;
    default:
      return !control(content);
    }
  }

  unit* home_;
  mailbox_gauge mailbox_;
};

/// Spawns an actor of class `Actor` on `where`. Any thread.
template <class Actor, class... Ts>
auto spawn_on(unit& where, Ts&&... xs) {
  caf::actor_config config{&where};
  return where.system().spawn_class<Actor, caf::no_spawn_options>(
    config, std::forward<Ts>(xs)...);
}

/// A message that only travels inside a node.
#define IRIS_LOCAL_MESSAGE(type) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(type)

} // namespace iris::supervision
